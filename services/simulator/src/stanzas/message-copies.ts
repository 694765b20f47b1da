import type { Companion } from "../accounts.ts";
import { type DeviceAddress, type Envelope, isSharedChat } from "../envelope.ts";
import type { Network } from "../network.ts";
import { type BinaryNode, bytesOf, child, children } from "../protocol/node.ts";

/** One encrypted copy and the device it is for. */
export interface Copy {
  readonly envelope: Envelope;
  readonly address: DeviceAddress;
}

type CommonPart = Omit<Envelope, "chat" | "ciphertext" | "encAttrs" | "ownCopy" | "peer">;

/** The copies in a message that a device sends: one for each device concerned, never for the sender itself. */
export function copiesOf(stanza: BinaryNode, companion: Companion, network: Network): Copy[] {
  const { to = "", recipient, category, participant } = stanza.attrs;
  const common: CommonPart = {
    id: stanza.attrs["id"] ?? "",
    sender: companion.address,
    type: stanza.attrs["type"] ?? "text",
    edit: stanza.attrs["edit"],
    t: Math.floor(network.now().getTime() / 1000),
    notify: network.accounts.get(companion.address.phone).name,
    deviceIdentity: bytesOf(child(stanza, "device-identity")),
  };
  const copy = (jid: string, chat: string, enc: BinaryNode | undefined): Copy[] =>
    copyFor(network, common, { jid, chat, enc, peer: category === "peer" });
  // An answer to a retry, and a message between the devices of one account, go to one device.
  const direct = children(stanza).find(({ tag, attrs }) => tag === "enc" && attrs["type"] !== "skmsg");
  if (direct) {
    const chat = isSharedChat(to) ? to : (recipient ?? withoutDevice(to));
    return copy(participant ?? to, chat, direct);
  }
  const list = children(child(stanza, "participants"));
  if (!isSharedChat(to)) return list.flatMap(({ attrs, content }) => copy(attrs["jid"] ?? "", to, firstEnc(content)));
  return sharedCopies(network, common, stanza, (jid, enc) => copy(jid, to, enc));
}

/** A group's message goes to every device of every member; those in the list get the sender key with it. */
function sharedCopies(
  network: Network,
  common: CommonPart,
  stanza: BinaryNode,
  copy: (jid: string, enc: BinaryNode | undefined) => Copy[],
): Copy[] {
  const chat = stanza.attrs["to"] ?? "";
  const enc = child(stanza, "enc");
  const groupCiphertext = bytesOf(enc);
  if (!groupCiphertext) return [];
  const copies = new Map<string, Copy>();
  for (const { attrs, content } of children(child(stanza, "participants"))) {
    for (const { envelope, address } of copy(attrs["jid"] ?? "", firstEnc(content))) {
      copies.set(keyOf(address), { envelope: { ...envelope, groupCiphertext }, address });
    }
  }
  const { v: _v, type: _type, ...encAttrs } = enc?.attrs ?? {};
  const members = network.membersOf(chat);
  for (const phone of members ?? []) {
    for (const device of network.devicesOf(phone) ?? []) {
      const address = { phone, device };
      const own = phone === common.sender.phone;
      if (copies.has(keyOf(address)) || (own && device === common.sender.device)) continue;
      copies.set(keyOf(address), {
        envelope: { ...common, chat, groupCiphertext, encAttrs, ownCopy: own, peer: false },
        address,
      });
    }
  }
  // Keys for devices of people who are not in the group (any more) are not carried; the status feed has no members.
  return [...copies.values()].filter(({ address }) => members?.includes(address.phone) ?? true);
}

function copyFor(
  network: Network,
  common: CommonPart,
  { jid, chat, enc, peer }: { jid: string; chat: string; enc: BinaryNode | undefined; peer: boolean },
): Copy[] {
  const target = network.accounts.resolve(jid);
  const bytes = bytesOf(enc);
  const type = enc?.attrs["type"];
  if (!target || !bytes || (type !== "msg" && type !== "pkmsg")) return [];
  const address = { phone: target.account.number, device: target.device };
  const own = address.phone === common.sender.phone;
  if (own && address.device === common.sender.device) return [];
  const { v: _v, type: _type, ...encAttrs } = enc?.attrs ?? {};
  const envelope = { ...common, chat, ciphertext: { type, bytes }, encAttrs, ownCopy: own && !peer, peer: own && peer };
  return [{ envelope: envelope as Envelope, address }];
}

function firstEnc(content: BinaryNode["content"]): BinaryNode | undefined {
  return Array.isArray(content) ? content.find(({ tag }) => tag === "enc") : undefined;
}

function keyOf({ phone, device }: DeviceAddress): string {
  return `${phone}:${device}`;
}

function withoutDevice(jid: string): string {
  return jid.replace(/:\d+@/, "@");
}
