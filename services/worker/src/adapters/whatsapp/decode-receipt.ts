import type { BinaryNode } from "@whiskeysockets/baileys";
import type { LinkObservation } from "../../ports.ts";

/**
 * What a `<receipt>` says about messages we sent, or null when it says nothing about them. Read from the raw stanza: the
 * library's event buffer merges receipts into messages it still holds, and they never surface.
 *
 * A `sender` receipt comes from the account's own phone, which has got its copy: the server has accepted the message.
 * `retry`, `read-self`, `peer_msg` and `hist_sync` are not about what a recipient did.
 */
export function decodeReceipt(node: BinaryNode, nowMs: number): LinkObservation[] {
  const { id, type, t } = node.attrs;
  if (id === undefined) return [];
  const [list] = Array.isArray(node.content) ? node.content : [];
  const items = list?.tag === "list" && Array.isArray(list.content) ? list.content : [];
  const waMessageIds = [id, ...items.flatMap(({ attrs }) => attrs["id"] ?? [])];
  const seconds = Number(t);
  const atMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : nowMs;
  switch (type) {
    case undefined:
    case "inactive":
      return [{ kind: "receipt", waMessageIds, status: "delivered", atMs }];
    case "read":
    case "played":
      return [{ kind: "receipt", waMessageIds, status: type, atMs }];
    case "sender":
      return waMessageIds.map((waMessageId) => ({ kind: "ack", waMessageId, error: null }));
    default:
      return [];
  }
}

/** The server's answer to a message we sent; `error` is its code, such as 463 or 479. */
export function decodeAck(node: BinaryNode): LinkObservation | null {
  const { id, error } = node.attrs;
  return id === undefined ? null : { kind: "ack", waMessageId: id, error: error ?? null };
}
