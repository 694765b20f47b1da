import type { MessageFailure } from "./ack-outcome.ts";

/** What is known of a message that was written, or may have been, and has no answer. */
export interface UnansweredMessage {
  status: string;
  status_reason: string | null;
  on_unknown: string;
  expires_at_ms: number | null;
}

/** `rest`: it stays `unknown` with this reason, its chat goes on, and evidence may still lift it. */
export type UnansweredVerdict =
  | { do: "repeat" }
  | { do: "rest"; resolution: "assumed_sent" | "awaiting_person" }
  | { do: "fail"; failure: MessageFailure };

/** Repeats under one id on one link: more of the same has never helped where three did not. */
const maxSends = 3;

const noAck: MessageFailure = { code: "no_ack", detail: "WhatsApp never confirmed the message", retryable: false };

/**
 * What becomes of a message that a new pump finds without an end, after the queued receipts have had their chance.
 *
 * | asked                                    | in time | past its time  |
 * |------------------------------------------|---------|----------------|
 * | `assume_sent`, `hold`                    | rests   | rests          |
 * | `resend_same_id`                         | repeat  | failed: no_ack |
 * | a person said: send it again             | repeat  | failed: no_ack |
 */
export function judgeFound(row: UnansweredMessage, nowMs: number): UnansweredVerdict {
  const rest = restOf(row);
  if (rest !== null && row.status_reason !== "resend_asked") return { do: "rest", resolution: rest };
  return isOver(row, nowMs) ? { do: "fail", failure: noAck } : { do: "repeat" };
}

/**
 * What becomes of a message that got no answer in time, after `sends` writes on this link. `waitMs`: it was repeated
 * often enough; its chat waits for evidence until the message's time is over (null: without end), then it fails.
 */
export function judgeSilence(
  row: UnansweredMessage,
  sends: number,
  nowMs: number,
): UnansweredVerdict | { do: "wait"; waitMs: number | null } {
  const rest = restOf(row);
  if (rest !== null) return { do: "rest", resolution: rest };
  if (isOver(row, nowMs)) return { do: "fail", failure: noAck };
  if (sends < maxSends) return { do: "repeat" };
  return { do: "wait", waitMs: row.expires_at_ms === null ? null : row.expires_at_ms - nowMs };
}

const isOver = ({ expires_at_ms }: UnansweredMessage, nowMs: number): boolean =>
  expires_at_ms !== null && expires_at_ms <= nowMs;

function restOf({ on_unknown }: UnansweredMessage): "assumed_sent" | "awaiting_person" | null {
  if (on_unknown === "assume_sent") return "assumed_sent";
  return on_unknown === "hold" ? "awaiting_person" : null;
}
