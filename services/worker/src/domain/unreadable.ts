import type { InboundMessage, UnreadableReason } from "../ports.ts";

/** The row that stands for a message nobody can read: who wrote it and when, and why it is not shown. */
export function toUnreadable(message: InboundMessage, reason: UnreadableReason): InboundMessage {
  return { ...message, type: "undecryptable", content: {}, reason, pushName: null };
}
