import type { PublicKey } from "../accounts.ts";
import type { KeyBundle } from "../people/signal-store.ts";
import { verifySignature } from "../protocol/keys.ts";
import { type BinaryNode, bytesOf, child, children, node, uintBytes, uintOf } from "../protocol/node.ts";
import type { IqAnswer, IqHandlers, IqRequest } from "./iq.ts";

const KEY_TYPE = Buffer.from([5]);
const MAX_KEYS = 5_000;
const bad: IqAnswer = { error: { code: "400", text: "bad-request" } };

/** Requests about Signal keys: a device's own stock, and bundles of others. */
export const encryptQueries: IqHandlers = {
  "get encrypt count": ({ companion }) => ({
    content: [node("count", { value: String(companion.keys.oneTimeKeys.length) })],
  }),
  "get encrypt digest": ({ companion }) => ({ content: [digest(companion.keys)] }),
  "set encrypt registration": uploadKeys,
  "set encrypt rotate": ({ network, companion, subject }) => {
    const signed = readSignedKey(child(subject, "skey"), companion.keys.identity);
    if (!signed) return bad;
    companion.keys.signedPreKey = signed;
    network.changed(companion.address.phone);
    return {};
  },
  "get encrypt key": ({ network, companion, subject }) => {
    const starved = network.faults.hit("starve_prekeys", { sender: companion.address.phone }) !== undefined;
    const bundles = children(subject).map((user) => bundleFor(network, user, starved));
    return { content: [node("list", {}, bundles)] };
  },
};

function uploadKeys({ network, companion, iq }: IqRequest): IqAnswer {
  const signed = readSignedKey(child(iq, "skey"), companion.keys.identity);
  const keys = children(child(iq, "list")).map(readKey);
  const identity = bytesOf(child(iq, "identity"));
  if (!signed || !identity?.equals(companion.keys.identity) || keys.length > MAX_KEYS) return bad;
  if (!keys.every((key) => key !== undefined)) return bad;
  companion.keys.signedPreKey = signed;
  const known = new Set(companion.keys.oneTimeKeys.map(({ id }) => id));
  companion.keys.oneTimeKeys.push(...keys.filter(({ id }) => !known.has(id)));
  network.changed(companion.address.phone);
  return {};
}

/**
 * One `<user>` of the answer: a bundle, or an error that the client takes for the whole request. `starved`: without a
 * one-time key, as if the stock were used up.
 */
function bundleFor(network: IqRequest["network"], user: BinaryNode, starved: boolean): BinaryNode {
  const jid = user.attrs["jid"];
  const target = network.accounts.resolve(jid);
  const bundle = target && network.takeBundle({ phone: target.account.number, device: target.device });
  if (!bundle) return node("user", { jid }, [node("error", { code: "404", text: "item-not-found" })]);
  const signedIdentity = target.account.companions.get(target.device)?.signedIdentity;
  return node("user", { jid, t: String(Math.floor(network.now().getTime() / 1000)) }, [
    ...bundleNodes(starved ? { ...bundle, oneTimeKey: undefined } : bundle),
    ...(signedIdentity ? [node("device-identity", {}, signedIdentity)] : []),
  ]);
}

function bundleNodes(bundle: KeyBundle): BinaryNode[] {
  const { oneTimeKey, signedPreKey } = bundle;
  return [
    node("registration", {}, uintBytes(bundle.registrationId, 4)),
    node("type", {}, KEY_TYPE),
    node("identity", {}, bundle.identity),
    ...(oneTimeKey ? [node("key", {}, keyNodes(oneTimeKey))] : []),
    node("skey", {}, [...keyNodes(signedPreKey), node("signature", {}, signedPreKey.signature)]),
  ];
}

function keyNodes(key: PublicKey): BinaryNode[] {
  return [node("id", {}, uintBytes(key.id, 3)), node("value", {}, key.public)];
}

function digest(keys: {
  registrationId: number;
  identity: Buffer;
  signedPreKey: PublicKey;
  oneTimeKeys: PublicKey[];
}): BinaryNode {
  return node("digest", {}, [
    node("registration", {}, uintBytes(keys.registrationId, 4)),
    node("type", {}, KEY_TYPE),
    node("identity", {}, keys.identity),
    node("skey", {}, [node("id", {}, uintBytes(keys.signedPreKey.id, 3))]),
    node(
      "list",
      {},
      keys.oneTimeKeys.slice(0, 10).map(({ id }) => node("id", {}, uintBytes(id, 3))),
    ),
  ]);
}

function readKey(key: BinaryNode): PublicKey | undefined {
  const id = uintOf(child(key, "id"));
  const value = bytesOf(child(key, "value"));
  return id !== undefined && value?.length === 32 ? { id, public: value } : undefined;
}

/** A signed pre-key whose signature is by this identity, over the type byte and the key. */
function readSignedKey(
  skey: BinaryNode | undefined,
  identity: Buffer,
): (PublicKey & { signature: Buffer }) | undefined {
  const key = skey && readKey(skey);
  const signature = bytesOf(child(skey, "signature"));
  if (!key || !signature) return undefined;
  const signed = Buffer.concat([KEY_TYPE, key.public]);
  return verifySignature(identity, signed, signature) ? { ...key, signature } : undefined;
}
