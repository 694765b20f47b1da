import type { Account, AppStateCollection, Companion } from "../accounts.ts";
import type { Network } from "../network.ts";
import { personJid } from "../protocol/jid.ts";
import { type BinaryNode, bytesOf, child, children, node } from "../protocol/node.ts";
import type { IqHandlers } from "./iq.ts";
import { proto } from "@whiskeysockets/baileys";

const COLLECTIONS = ["critical_block", "critical_unblock_low", "regular_high", "regular_low", "regular"];
const PATCHES_PER_ANSWER = 50;

/**
 * Synchronised settings of an account (push name, archive, mute, …). The server cannot read the patches: it numbers
 * them, hands them to the account's other devices, and refuses one that was not made on top of the newest version.
 */
export const appStateQueries: IqHandlers = {
  "set w:sync:app:state sync": ({ network, companion, subject }) => {
    const account = network.accounts.get(companion.address.phone);
    const collections = children(subject).filter(({ tag }) => tag === "collection");
    return {
      content: [
        node(
          "sync",
          {},
          collections.map((asked) => syncCollection(network, account, companion, asked)),
        ),
      ],
    };
  },
};

function syncCollection(network: Network, account: Account, companion: Companion, asked: BinaryNode): BinaryNode {
  const name = asked.attrs["name"] ?? "";
  const refuse = (code: string, text: string): BinaryNode =>
    node("collection", { name, type: "error" }, [node("error", { code, text })]);
  if (!COLLECTIONS.includes(name)) return refuse("400", "bad-request");
  const known = Number(asked.attrs["version"] ?? 0);
  const collection = account.appState.get(name) ?? { version: 0, patches: [] };
  const patch = bytesOf(child(asked, "patch"));
  if (patch) {
    if (known !== collection.version) return refuse("409", "conflict");
    account.appState.set(name, collection);
    if (!append(collection, patch)) return refuse("400", "bad-request");
    network.changed(account.number);
    tellOthers(network, account, companion, name, collection.version);
    return node("collection", { name, type: "result", version: String(collection.version) });
  }
  const missing = collection.patches.slice(known, known + PATCHES_PER_ANSWER);
  const more = known + missing.length < collection.version;
  return node(
    "collection",
    { name, type: "result", version: String(known + missing.length), has_more_patches: more ? "true" : undefined },
    missing.length > 0
      ? [
          node(
            "patches",
            {},
            missing.map((bytes) => node("patch", {}, bytes)),
          ),
        ]
      : undefined,
  );
}

function append(collection: AppStateCollection, patch: Buffer): boolean {
  try {
    const decoded = proto.SyncdPatch.decode(patch);
    decoded.version = proto.SyncdVersion.create({ version: collection.version + 1 });
    collection.patches.push(Buffer.from(proto.SyncdPatch.encode(decoded).finish()));
    collection.version += 1;
    return true;
  } catch {
    return false; // not a SyncdPatch
  }
}

function tellOthers(network: Network, account: Account, author: Companion, name: string, version: number): void {
  for (const companion of account.companions.values()) {
    if (companion === author) continue;
    network.notify(companion, personJid(account.number, "pn"), "server_sync", [
      node("collection", { name, version: String(version) }),
    ]);
  }
}
