import type { Companion } from "../accounts.ts";
import { isSharedChat } from "../envelope.ts";
import { mayWrite } from "../groups/group.ts";
import type { Network } from "../network.ts";
import { type BinaryNode, child, node } from "../protocol/node.ts";
import { copiesOf } from "./message-copies.ts";
import { acknowledgeUnderFaults, carryUnderFaults, endLinkByFault, refusalOf, type Route } from "./message-faults.ts";

/** Refusal codes of the server, as the real one gives them in an ack; those of groups are likely, not proven. */
const MALFORMED = "479";
const NOT_IMPLEMENTED = "501";
const FORBIDDEN = "403";
const UNKNOWN_GROUP = "404";

/** A device sends a message: ack it, then carry each encrypted copy to its device. */
export function handleMessage(network: Network, companion: Companion, stanza: BinaryNode): void {
  const { id, to } = stanza.attrs;
  const sender = companion.address.phone;
  if (!id || !to) return acknowledge(network, companion, stanza, MALFORMED);
  if (isSharedChat(to)) {
    const group = network.groups.get(to);
    if (!group && to !== "status@broadcast") return acknowledge(network, companion, stanza, UNKNOWN_GROUP);
    if (group && !mayWrite(group, sender)) return acknowledge(network, companion, stanza, FORBIDDEN);
    return deliver(network, companion, stanza, { sender });
  }
  const chat = network.accounts.resolve(to);
  if (chat) return deliver(network, companion, stanza, { sender, recipient: chat.account.number });
  const unsupported = /@(newsletter|bot)$/.test(to);
  if (unsupported) network.unknown.record(`message to ${to.slice(to.indexOf("@"))}`, stanza);
  acknowledge(network, companion, stanza, unsupported ? NOT_IMPLEMENTED : MALFORMED);
}

function deliver(network: Network, companion: Companion, stanza: BinaryNode, route: Route): void {
  network.stats.messagesIn += 1;
  if (network.faults.hit("drop_message", route)) return;
  const refusal = refusalOf(network, route);
  if (refusal !== undefined) return acknowledge(network, companion, stanza, String(refusal));
  const copies = copiesOf(stanza, companion, network);
  if (copies.length === 0 && !child(stanza, "participants") && !child(stanza, "enc")) {
    return acknowledge(network, companion, stanza, MALFORMED);
  }
  acknowledgeUnderFaults(network, companion, route, () => acknowledge(network, companion, stanza));
  carryUnderFaults(network, route, () => {
    for (const { envelope, address } of copies) network.carry(envelope, address);
  });
  if (companion.link) endLinkByFault(network, companion.link, route.sender, "message");
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
