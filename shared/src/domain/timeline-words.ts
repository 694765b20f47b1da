import type { LeaseEnd, TimelineEntry, TimelineKind } from "../contract/http-timeline.ts";
import { assertNever } from "./assert-never.ts";
import { explainMessage, inUtc } from "./explain-message.ts";

const endWords: Readonly<Record<LeaseEnd, string>> = {
  drained: "was drained",
  left: "was stopped in order",
  rebalanced: "gave the shard away by plan",
  expired: "sent no heartbeat until its lease ran out",
};

export interface LineContext {
  /** The worker that held the shard before a takeover. */
  from: string | null;
  /** Whether a receipt is the first that was heard of the message: the server's own ack came with it, or not at all. */
  isFirstProof: boolean;
}

/** One line of a timeline in words. */
export function wordsOf(
  kind: TimelineKind,
  detail: Omit<TimelineEntry["detail"], "text">,
  { from, isFirstProof }: LineContext,
): string {
  const { reason, status, worker_id: worker, lease_epoch: epoch, release_at: releaseAt, attempt } = detail;
  const who = worker ?? "a worker that is no longer known";
  const proof = isFirstProof ? "; WhatsApp's server had it by then" : "";
  switch (kind) {
    case "accepted":
      return "Accepted: the message was stored before the caller was answered";
    case "received":
      return "Received from WhatsApp and stored once";
    case "claimed":
      return `Claimed by ${who} under epoch ${epoch}: the encryption state was stored, and the bytes left after that`;
    case "taken_over":
      return `Taken over by ${who} under epoch ${epoch}${takeoverWords(from, reason)}`;
    case "resent":
      return `Sent again by ${who} with the same WhatsApp id (${attempt} times in all)`;
    case "returned":
      return `Put back into its lane${reason === null ? "" : ` (${reason})`}${releaseAt === null ? "" : `, not before ${inUtc(releaseAt)}`}`;
    case "queued":
      return "Ready: put into its session's lane";
    case "ack":
      return "WhatsApp's server confirmed it";
    case "delivered":
      return `A device of the recipient confirmed it${proof}`;
    case "read":
      return `The recipient read it${proof}`;
    case "played":
      return `The recipient played it${proof}`;
    case "scheduled":
    case "held":
    case "unknown":
    case "failed":
    case "canceled":
    case "expired":
      return explainMessage({
        direction: "out",
        status,
        status_reason: reason,
        failure: null,
        expires_at: null,
        releaseAt,
      }).replace(/\.$/, "");
    default:
      return assertNever(kind);
  }
}

function takeoverWords(from: string | null, reason: string | null): string {
  if (from === null) return "";
  const end = reason === null || !Object.hasOwn(endWords, reason) ? "lost the shard" : endWords[reason as LeaseEnd];
  return `: ${from} ${end}`;
}
