import type { Message } from "../contract/http-messages.ts";
import type { LeaseEnd, TimelineEntry, TimelineKind } from "../contract/http-timeline.ts";
import type { MessageStatus } from "../contract/statuses.ts";
import { type LineContext, wordsOf } from "./timeline-words.ts";

/** One change of a message's row, as it was committed. */
export interface HistoryStep {
  at: string;
  status: MessageStatus;
  /** Null for the state it was stored in. */
  previous: MessageStatus | null;
  reason: string | null;
  /** Epoch of the shard's lease under which it was claimed last. */
  lease_epoch: number | null;
  attempt: number;
  release_at: string | null;
}

/** One tenure of the session's shard. */
export interface HistoryLease {
  lease_epoch: number;
  worker_id: string;
  since: string;
  left_at: string | null;
  reason: LeaseEnd | null;
}

export interface MessageHistory {
  message: Message;
  /** In the order of the row's revisions. */
  steps: readonly HistoryStep[];
  /** From the first claim of the message on, by epoch. */
  leases: readonly HistoryLease[];
}

/**
 * The lines of a message's timeline, oldest first. Takeovers are told while the message is on the wire: there they say
 * why it was repeated. Steps older than 30 days may be gone; what the message itself remembers is told then.
 */
export function buildTimeline({ message, steps, leases }: MessageHistory): TimelineEntry[] {
  if (message.direction === "in") return [entry("received", message.accepted_at, { status: message.status })];
  const entries = [entry("accepted", message.accepted_at, { status: firstStatus(steps) })];
  if (steps.length === 0) return [...entries, ...remembered(message)];
  let last: HistoryStep | null = null;
  let seenEpoch = 0;
  const takeovers = (before: HistoryStep | null): void => {
    if (last === null || !isOnWire(last)) return;
    for (const [index, lease] of leases.entries()) {
      if (lease.lease_epoch <= seenEpoch) continue;
      if (before !== null && lease.since > before.at && lease.lease_epoch > (before.lease_epoch ?? 0)) break;
      seenEpoch = lease.lease_epoch;
      const { worker_id, lease_epoch } = lease;
      const from = leases[index - 1];
      const facts = { status: last.status, reason: from?.reason ?? null, worker_id, lease_epoch };
      entries.push(entry("taken_over", lease.since, facts, { from: from?.worker_id ?? null }));
    }
  };
  for (const step of steps) {
    takeovers(step);
    const kind = kindOf(step);
    const isSend = kind === "claimed" || kind === "resent";
    if (isSend) seenEpoch = Math.max(seenEpoch, step.lease_epoch ?? 0);
    entries.push(
      entry(
        kind,
        step.at,
        {
          status: step.status,
          reason: step.reason ?? (kind === "failed" ? (message.failure?.code ?? null) : null),
          worker_id: isSend ? (leases.find((one) => one.lease_epoch === step.lease_epoch)?.worker_id ?? null) : null,
          lease_epoch: isSend ? step.lease_epoch : null,
          attempt: isSend ? step.attempt : null,
          release_at: step.release_at,
        },
        { isFirstProof: step.previous === "sending" || step.previous === "unknown" },
      ),
    );
    last = step;
  }
  takeovers(null);
  return entries;
}

function kindOf({ status, previous }: HistoryStep): TimelineKind {
  const wasOut = previous === "sending" || previous === "unknown";
  if (status === "sending") return wasOut ? "resent" : "claimed";
  if (status === "queued") return wasOut ? "returned" : "queued";
  return status === "sent" ? "ack" : status;
}

/** Whether the next owner of the shard will have to find out about the message. */
const isOnWire = ({ status, reason }: HistoryStep): boolean =>
  status === "sending" || (status === "unknown" && reason !== "assumed_sent" && reason !== "awaiting_person");

const firstStatus = ([first]: readonly HistoryStep[]): MessageStatus =>
  first === undefined ? "queued" : (first.previous ?? first.status);

function remembered(message: Message): TimelineEntry[] {
  const marks = [
    ["ack", "sent", message.sent_at],
    ["delivered", "delivered", message.delivered_at],
    ["read", "read", message.read_at],
    ["played", "played", message.played_at],
  ] as const;
  return marks.flatMap(([kind, status, at]) => (at === null ? [] : [entry(kind, at, { status })]));
}

type Facts = Omit<TimelineEntry["detail"], "text">;

function entry(
  kind: TimelineKind,
  at: string,
  facts: Pick<Facts, "status"> & Partial<Facts>,
  context: Partial<LineContext> = {},
): TimelineEntry {
  const nothing = { reason: null, worker_id: null, lease_epoch: null, attempt: null, release_at: null };
  const detail = { ...nothing, ...facts };
  return {
    at,
    kind,
    detail: { text: wordsOf(kind, detail, { from: null, isFirstProof: false, ...context }), ...detail },
  };
}
