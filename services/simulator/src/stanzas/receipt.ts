import type { Companion } from "../accounts.ts";
import type { Network } from "../network.ts";
import { answerMediaRetry } from "./media-retry.ts";
import { type BinaryNode, children, node } from "../protocol/node.ts";

/** Receipts that are between a device and the server. */
const INTERNAL = new Set(["peer_msg", "hist_sync", "server-error", "inactive", "read-self", "played-self"]);

/** A device confirms messages, or asks for one again: ack it, and tell the device that sent them. */
export function handleReceipt(network: Network, companion: Companion, stanza: BinaryNode): void {
  const { id, to, type, participant } = stanza.attrs;
  if (!id || !to) return;
  companion.link?.send(node("ack", { class: "receipt", id, from: to, type, participant }));
  const ids = [id, ...listedIds(stanza)];
  for (const each of ids) companion.queue.settle("message", each);
  if (type === "server-error") return answerMediaRetry(network, companion, stanza);
  if (type !== undefined && INTERNAL.has(type)) return;
  // Messages in one receipt may come from different devices of the sender.
  const byOrigin = new Map<string, string[]>();
  for (const each of ids) {
    const origin = companion.origins.get(each);
    if (!origin) continue;
    const key = JSON.stringify(origin);
    byOrigin.set(key, [...(byOrigin.get(key) ?? []), each]);
  }
  const retry = type === "retry" ? children(stanza) : undefined;
  for (const group of byOrigin.values()) {
    const origin = companion.origins.get(group[0] ?? "");
    if (!origin) continue;
    network.carryReceipt({
      ids: group,
      from: companion.address,
      to: origin.sender,
      type,
      chat: origin.chat,
      t: Math.floor(network.now().getTime() / 1000),
      content: retry,
    });
  }
}

/** The device has processed a stanza: it need not be delivered again. */
export function handleAck(companion: Companion, stanza: BinaryNode): void {
  const { id, class: stanzaClass, type } = stanza.attrs;
  if (id && stanzaClass) companion.queue.settle(stanzaClass, id, type);
}

function listedIds(stanza: BinaryNode): string[] {
  const list = children(stanza).find(({ tag }) => tag === "list");
  return children(list).flatMap(({ attrs }) => attrs["id"] ?? []);
}
