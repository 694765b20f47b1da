import type { Companion } from "../accounts.ts";
import type { DeviceAddress, Envelope } from "../envelope.ts";
import type { Network } from "../network.ts";
import { type BinaryNode, bytesOf, child, children, node } from "../protocol/node.ts";
import { acknowledgeUnderFaults, carryUnderFaults, endLinkByFault, refusalOf } from "./message-faults.ts";

/** Refusal codes of the server, as the real one gives them in an ack. */
const MALFORMED = "479";
const NOT_IMPLEMENTED = "501";

/** A device sends a message: ack it, then carry each encrypted copy to its device. */
export function handleMessage(network: Network, companion: Companion, stanza: BinaryNode): void {
  const { id, to } = stanza.attrs;
  if (!id || !to) return acknowledge(network, companion, stanza, MALFORMED);
  const chat = network.accounts.resolve(to);
  if (!chat) {
    const group = /@(g\.us|broadcast|newsletter|bot)$/.test(to);
    if (group) network.unknown.record(`message to ${to.slice(to.indexOf("@"))}`, stanza);
    return acknowledge(network, companion, stanza, group ? NOT_IMPLEMENTED : MALFORMED);
  }
  const recipient = chat.account.number;
  const sender = companion.address.phone;
  network.stats.messagesIn += 1;
  const route = { sender, recipient };
  if (network.faults.hit("drop_message", route)) return;
  const refusal = refusalOf(network, route);
  if (refusal !== undefined) return acknowledge(network, companion, stanza, String(refusal));
  const copies = copiesOf(stanza, companion, network);
  if (copies.length === 0 && !child(stanza, "participants")) {
    return acknowledge(network, companion, stanza, MALFORMED);
  }
  acknowledgeUnderFaults(network, companion, route, () => acknowledge(network, companion, stanza));
  carryUnderFaults(network, route, () => {
    for (const { envelope, address } of copies) network.carry(envelope, address);
  });
  if (companion.link) endLinkByFault(network, companion.link, sender, "message");
}

function acknowledge(network: Network, companion: Companion, stanza: BinaryNode, error?: string): void {
  const { id, to } = stanza.attrs;
  if (error) network.stats.messagesRefused += 1;
  companion.link?.send(
    node("ack", {
      class: "message",
      id,
      from: to,
      t: String(Math.floor(network.now().getTime() / 1000)),
      error,
    }),
  );
}

interface Copy {
  readonly envelope: Envelope;
  readonly address: DeviceAddress;
}

function copiesOf(stanza: BinaryNode, companion: Companion, network: Network): Copy[] {
  const { to = "", recipient, category, edit, type = "text" } = stanza.attrs;
  const account = network.accounts.get(companion.address.phone);
  const common = {
    id: stanza.attrs["id"] ?? "",
    sender: companion.address,
    type,
    edit,
    t: Math.floor(network.now().getTime() / 1000),
    notify: account.name,
    deviceIdentity: bytesOf(child(stanza, "device-identity")),
  };
  const peer = category === "peer";
  const copy = (jid: string, chat: string, enc: BinaryNode | undefined): Copy[] => {
    const target = network.accounts.resolve(jid);
    const bytes = bytesOf(enc);
    const ciphertext = enc?.attrs["type"];
    if (!target || !bytes || (ciphertext !== "msg" && ciphertext !== "pkmsg")) return [];
    const address = { phone: target.account.number, device: target.device };
    const own = address.phone === companion.address.phone;
    if (own && address.device === companion.address.device) return [];
    const { v: _v, type: _type, ...encAttrs } = enc?.attrs ?? {};
    const envelope: Envelope = {
      ...common,
      chat,
      ciphertext: { type: ciphertext, bytes },
      encAttrs,
      ownCopy: own && !peer,
      peer: own && peer,
    };
    return [{ envelope, address }];
  };
  // An answer to a retry, and a message between the devices of one account, go to one device: to the one in `to`.
  const direct = child(stanza, "enc");
  if (direct) return copy(to, recipient ?? withoutDevice(to), direct);
  return children(child(stanza, "participants")).flatMap((participant) =>
    copy(participant.attrs["jid"] ?? "", to, child(participant, "enc")),
  );
}

function withoutDevice(jid: string): string {
  return jid.replace(/:\d+@/, "@");
}
