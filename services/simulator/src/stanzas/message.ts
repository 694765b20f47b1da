import type { Companion } from "../accounts.ts";
import { isSharedChat } from "../envelope.ts";
import { mayWrite } from "../groups/group.ts";
import type { Network } from "../network.ts";
import { type BinaryNode, child, node } from "../protocol/node.ts";
import { copiesOf } from "./message-copies.ts";

/** Refusal codes of the server, as the real one gives them in an ack. */
const MALFORMED = "479";
const NOT_IMPLEMENTED = "501";
const FORBIDDEN = "403";
const UNKNOWN_GROUP = "404";

/** A device sends a message: ack it, then carry each encrypted copy to its device. */
export function handleMessage(network: Network, companion: Companion, stanza: BinaryNode): void {
  const { id, to } = stanza.attrs;
  if (!id || !to) return acknowledge(network, companion, stanza, MALFORMED);
  if (isSharedChat(to)) return handleSharedMessage(network, companion, stanza);
  const chat = network.accounts.resolve(to);
  if (!chat) {
    const unsupported = /@(newsletter|bot)$/.test(to);
    if (unsupported) network.unknown.record(`message to ${to.slice(to.indexOf("@"))}`, stanza);
    return acknowledge(network, companion, stanza, unsupported ? NOT_IMPLEMENTED : MALFORMED);
  }
  const recipient = chat.account.number;
  const sender = companion.address.phone;
  network.stats.messagesIn += 1;
  const refusal = network.behaviourOf(recipient).ack_error;
  const fault = network.faults.hit("ack_error", { sender, recipient });
  if (refusal !== null || fault) {
    return acknowledge(network, companion, stanza, String(fault?.code ?? refusal));
  }
  if (network.faults.hit("drop_message", { sender, recipient })) return;
  const copies = copiesOf(stanza, companion, network);
  if (copies.length === 0 && !child(stanza, "participants")) {
    return acknowledge(network, companion, stanza, MALFORMED);
  }
  const delay = network.faults.hit("delay_ack", { sender, recipient })?.delay_ms;
  if (!network.faults.hit("drop_ack", { sender, recipient })) {
    if (delay === undefined) acknowledge(network, companion, stanza);
    else network.scheduler.after(delay, () => acknowledge(network, companion, stanza));
  }
  for (const { envelope, address } of copies) network.carry(envelope, address);
}

/** A message to a group or to the status feed; faults that name no recipient apply here too. */
function handleSharedMessage(network: Network, companion: Companion, stanza: BinaryNode): void {
  const { to = "" } = stanza.attrs;
  const sender = companion.address.phone;
  network.stats.messagesIn += 1;
  const group = network.groups.get(to);
  if (!group && to !== "status@broadcast") return acknowledge(network, companion, stanza, UNKNOWN_GROUP);
  if (group && !mayWrite(group, sender)) return acknowledge(network, companion, stanza, FORBIDDEN);
  const fault = network.faults.hit("ack_error", { sender });
  if (fault) return acknowledge(network, companion, stanza, String(fault.code));
  if (network.faults.hit("drop_message", { sender })) return;
  const copies = copiesOf(stanza, companion, network);
  if (copies.length === 0 && !child(stanza, "enc")) return acknowledge(network, companion, stanza, MALFORMED);
  const delay = network.faults.hit("delay_ack", { sender })?.delay_ms;
  if (!network.faults.hit("drop_ack", { sender })) {
    if (delay === undefined) acknowledge(network, companion, stanza);
    else network.scheduler.after(delay, () => acknowledge(network, companion, stanza));
  }
  for (const { envelope, address } of copies) network.carry(envelope, address);
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
