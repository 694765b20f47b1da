import type { LeaseEnd, TimelineEntry, TimelineKind } from "../contract/http-timeline.ts";
import { assertNever } from "./assert-never.ts";
import { explainMessage, inUtc } from "./explain-message.ts";

const endWords: Readonly<Record<LeaseEnd, string>> = {
  drained: "was drained",
  left: "was stopped in order",
  rebalanced: "gave the shard away by plan",
  expired: "sent no heartbeat until its lease ran out",
};

/** How a worker stopped holding a shard, to follow its name. */
export function leaseEndWords(reason: LeaseEnd): string {
  return endWords[reason];
}

/** One line of a timeline in words. `from`: the worker that held the shard before a takeover. */
export function wordsOf(
  kind: TimelineKind,
  detail: Omit<TimelineEntry["detail"], "text">,
  from: string | null,
): string {
  const { reason, status, worker_id: worker, lease_epoch: epoch, release_at: releaseAt, attempt } = detail;
  const who = worker ?? "a worker that is no longer known";
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
      return "A device of the recipient confirmed it";
    case "read":
      return "The recipient read it";
    case "played":
      return "The recipient played it";
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
