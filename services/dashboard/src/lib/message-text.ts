import type { Message } from "@flotilla/shared/contract/http-messages";
import { formatReason } from "./format.ts";

/** What a list shows of a message: its text, or in brackets what it is. */
export function messageText({ text, type, status_reason }: Pick<Message, "text" | "type" | "status_reason">): string {
  if (text !== null) return text.body;
  if (type !== "undecryptable") return `(${type})`;
  return status_reason === null ? "(could not be read)" : `(could not be read: ${formatReason(status_reason)})`;
}
