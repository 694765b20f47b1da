import type { Companion } from "../accounts.ts";
import type { Link } from "../link.ts";
import type { Network } from "../network.ts";
import { type BinaryNode, children, node } from "../protocol/node.ts";
import { handleCall } from "./call.ts";
import { handleIq } from "./iq.ts";
import { handleMessage } from "./message.ts";
import { handleChatstate, handlePresence } from "./presence.ts";
import { handleAck, handleReceipt } from "./receipt.ts";

/** Gives a stanza of a logged-in device to whoever handles its kind; records kinds nobody handles. */
export function dispatch(network: Network, link: Link, companion: Companion, stanza: BinaryNode): void {
  switch (stanza.tag) {
    case "iq":
      return handleIq(network, link, companion, stanza);
    case "message":
      return handleMessage(network, companion, stanza);
    case "receipt":
      return handleReceipt(network, companion, stanza);
    case "ack":
      return handleAck(companion, stanza);
    case "presence":
      return handlePresence(network, companion, stanza);
    case "chatstate":
      return handleChatstate(network, companion, stanza);
    case "call":
      return handleCall(network, companion, stanza);
    case "ib":
      if (children(stanza)[0]?.tag !== "offline_batch") return;
      if (network.faults.hit("withhold_offline_queue", { sender: companion.address.phone }) === undefined)
        companion.queue.drain();
      return;
    default:
      network.unknown.record(stanza.tag, stanza);
      refuse(link, stanza);
  }
}

/** Says that nobody here handles this kind, so that whoever waits for an answer has one. */
function refuse(link: Link, { tag, attrs }: BinaryNode): void {
  const { id, to } = attrs;
  if (id) link.send(node("ack", { class: tag, id, from: to, error: "501", text: "feature-not-implemented" }));
}
