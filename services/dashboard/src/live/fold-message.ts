import type { Envelope, EventData } from "@flotilla/shared/contract/events";
import type { Message } from "@flotilla/shared/contract/http-messages";
import type { MessageStatus } from "@flotilla/shared/contract/statuses";
import { assertNever } from "@flotilla/shared/domain/assert-never";
import { type Evidence, climb } from "@flotilla/shared/domain/message-status";

type StatusChange = EventData<"message.status_changed">;
const evidence: readonly MessageStatus[] = ["sent", "delivered", "read", "played"];
const isEvidence = (status: MessageStatus): status is Evidence => evidence.includes(status);

/**
 * A message after a reported change of status. Evidence only lifts, by the shared ladder, so a late report changes
 * nothing; a move below evidence counts only when its revision is newer than what we hold.
 */
export function foldStatusChange(message: Message, change: StatusChange): Message {
  const { status, at } = change;
  const revision = Math.max(message.revision, change.revision);
  if (isEvidence(status)) {
    const stamped = withTime({ ...message, revision }, status, at);
    if (climb(message.status, status) === message.status) return stamped;
    return { ...stamped, status, status_reason: change.reason, failure: null };
  }
  if (isEvidence(message.status) || change.revision <= message.revision) return message;
  return { ...message, status, status_reason: change.reason, failure: change.failure, revision };
}

function withTime(message: Message, status: Evidence, at: string): Message {
  switch (status) {
    case "sent":
      return { ...message, sent_at: message.sent_at ?? at };
    case "delivered":
      return { ...message, delivered_at: message.delivered_at ?? at };
    case "read":
      return { ...message, read_at: message.read_at ?? at };
    case "played":
      return { ...message, played_at: message.played_at ?? at };
    default:
      return assertNever(status);
  }
}

/** The message an event brings or changes, if it is about one message. */
export function messageIn(event: Envelope): Message | null {
  if (event.type !== "message.accepted" && event.type !== "message.received") return null;
  return (event.data as EventData<"message.accepted">).message;
}

export function statusChangeIn(event: Envelope): StatusChange | null {
  return event.type === "message.status_changed" ? (event.data as StatusChange) : null;
}
