import type { HistoryEvent } from "../history/events.ts";

/** What can be wrong with a history. */
export const findingKinds = [
  /** Acknowledged to the caller, and no phone shows it although it did not end otherwise. */
  "lost",
  /** Seen twice: more than one visible copy, or one text under several ids. */
  "duplicate",
  /** Seen, and nobody asked for it. */
  "unexpected",
  /** First arrival after that of a later message of the same session, chat and lane. */
  "order_break",
  /** No end status. */
  "unfinished",
  /** Ended as failed or expired although nothing was wrong with it. */
  "failed",
  /** A copy did not decrypt: a ratchet was used twice, or lost. */
  "undecryptable",
  /** A connection carried frames for a worker that did not hold the session's shard. */
  "overlap",
  /** The epoch of a shard went back, or two owners shared one. */
  "epoch",
  /** The session has another linked device than at the start, or several. */
  "repaired",
  /** Not connected at the end. */
  "not_connected",
  /** More repeats on the wire than messages in flight when workers ended. */
  "repeats",
  /** Written to a session by a person, and not stored. */
  "inbound_lost",
  /** Stored twice. */
  "inbound_double",
  /** A job that the queue gave up because its workers died. */
  "job_given_up",
] as const;
export type FindingKind = (typeof findingKinds)[number];

export interface Finding {
  kind: FindingKind;
  /** What it is about, with everything needed to find it again. */
  detail: string;
}

/** One check over a history: takes every event once, in the order noted, and says at the end what is wrong. */
export interface Check {
  take(event: HistoryEvent): void;
  findings(): Iterable<Finding>;
}
