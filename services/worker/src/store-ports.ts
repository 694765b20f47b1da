import type { OptOut } from "@flotilla/shared/domain/opt-out";
import type { MessageStatus, SessionDesired, SessionStatus } from "@flotilla/shared/contract/statuses";
import type { Claim, InboundMessage, JournalWrite, KeyWrite, LinkIdentity, OutboundRow, StanzaKey } from "./ports.ts";

/** What the worker asks of Postgres and Redis, in its own words; the link to WhatsApp stands in `ports.ts`. */

/** The right to act for the sessions of one shard, as long as nobody has claimed it under a higher epoch. */
export interface Lease {
  readonly shard: number;
  readonly epoch: number;
}

/** Answers, without waiting, whether the lease is still ours: the deadline has not passed and nobody was told otherwise. */
export interface LeaseGuard {
  holds: (lease: Lease) => boolean;
  /** Monotonic time after which nothing of ours may act. */
  validUntilMs: () => number;
  /** A commit was told that this lease is gone. */
  reportFenced: (lease: Lease) => void;
}

/** A session as its row says it should be and was last seen. */
export interface SessionRow {
  id: string;
  tenant_id: string;
  name: string;
  shard: number;
  network: "whatsapp" | "simulated";
  desired: SessionDesired;
  /** Grows with each request of a person. */
  generation: number;
  /** The device is to be unlinked and its secrets forgotten. */
  unlink: boolean;
  status: SessionStatus;
  status_reason: string | null;
  /** Milliseconds until the status ends by itself; null when it does not. */
  deadline_in_ms: number | null;
  paired: boolean;
  pairing_attempt: number;
  /** Sealed credentials; null before a code was first offered. */
  auth_state: string | null;
  /** Theoretical arrival time of the pacing bucket, in database time. */
  pace_tat_ms: number | null;
}

/** For whom something is written, and by which right. */
export interface SessionScope {
  readonly tenantId: string;
  readonly sessionId: string;
  readonly lease: Lease;
}

/** What became of a message we tried to send. */
export interface Mark {
  id: string;
  status: MessageStatus;
  reason?: string | null;
  failure?: { code: string; detail: string; retryable: boolean };
  /** Database time before which a row that goes back to `queued` is not to be tried again. */
  notBeforeMs?: number;
}

/** Evidence found by WhatsApp id; `sent` is a server ack that came after we had stopped waiting for it. */
export interface Receipt {
  waMessageId: string;
  status: "sent" | "delivered" | "read" | "played";
  atMs: number;
}

/** A stanza that is begun once more (`tries`), or not readable: `stub` is stored in its place after `dueMs`. */
export type Trouble = StanzaKey & { tries: number; stub?: InboundMessage & { id: string }; dueMs?: number };

/** What somebody wrote, as it is stored; `optOut` is set when the whole of it was a word for stop or start. */
export type StoredInbound = InboundMessage & { id: string; optOut?: OptOut | null };

export interface SessionWrite extends LinkIdentity {
  auth_state?: string;
  /** Credentials, Signal keys and identity go. */
  forget?: boolean;
  paired?: boolean;
  status?: SessionStatus;
  reason?: string | null;
  deadline_ms?: number | null;
  pace_tat_ms?: number;
}

/** An event that no change of a row brings about by itself. */
export interface SessionEvent {
  type: "session.qr_issued";
  session: { id: string; name: string; phone: string | null };
  data: Record<string, unknown>;
}

/** Everything a session may have to persist at once: all of it becomes durable, or none. */
export interface SessionWrites {
  keys?: KeyWrite[];
  journal?: JournalWrite[];
  trouble?: Trouble[];
  /** Journal rows of these hold no message. */
  settled?: StanzaKey[];
  session?: SessionWrite;
  claims?: Claim[];
  /** Messages about to be touched that may have killed their last owner: one more attempt each. */
  counts?: { id: string }[];
  marks?: Mark[];
  receipts?: Receipt[];
  inbound?: StoredInbound[];
  aliases?: { pn: string; lid: string }[];
  events?: SessionEvent[];
}

/**
 * Resolves when the writes are durable.
 *
 * @throws LeaseLost when the lease is gone; ClaimRefused when a claim among them was refused (the rest is written);
 * WriteRefused when the database will never take them
 */
export type Commit = (scope: SessionScope, writes: SessionWrites) => Promise<void>;

/** The database refuses these rows as they are: repeating them cannot help. */
export class WriteRefused extends Error {
  constructor(cause: unknown) {
    super(`the database refused the rows: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "WriteRefused";
  }
}

export interface TickRequest {
  draining: boolean;
  rejoin: boolean;
  /** False while this worker cannot reach WhatsApp and others can: its shards go to them. */
  accepting: boolean;
  /** Links that are logged in. */
  links: number;
  /** Running sessions by shard. */
  loads: Record<string, number>;
  /** Sessions being dialled: nothing more is to be moved here while there are some. */
  opening: number;
}

export interface TickAnswer {
  /** Database time while the tick ran. */
  t_ms: number;
  draining: boolean;
  owned: { shard: number; epoch: number; clean: boolean; sessions: number }[];
  /** Shards to hand over to others, soon and in good order. */
  revoke: number[];
  workers: number;
  /** Links that the other workers have logged in. */
  links_elsewhere: number;
}

export interface LeaseStore {
  tick(request: TickRequest, signal: AbortSignal): Promise<TickAnswer>;
  /** Gives a shard back; false when it was not ours any more. */
  release(lease: Lease): Promise<boolean>;
  leave(): Promise<void>;
}

/** A session whose row makes no sense. */
export interface UnreadableSession {
  id: string;
  tenant_id: string;
  shard: number;
  /** Which fields, and why. */
  detail: string;
}

export interface SessionStore {
  /** The sessions of these shards that are to run or to be unlinked. */
  loadShards(shards: number[]): Promise<{ rows: SessionRow[]; unreadable: UnreadableSession[] }>;
  /** One session, whatever is asked of it; null when it is not of this shard, or its row makes no sense. */
  load(shard: number, sessionId: string): Promise<SessionRow | null>;
}

export interface LaneView {
  session_id: string;
  lane: number;
  state: "run" | "paused" | "canceled";
  weight: number;
  next_seq: number;
}

export interface MessageOutbox {
  /**
   * Queued rows of one lane in order, and the lane as it stood in the same instant; null when there is no such lane.
   * `unreadable` are ids of rows that make no sense as messages.
   */
  readLane(request: {
    session_id: string;
    lane: number;
    after_seq: number;
    limit: number;
    skip_chats: string[];
  }): Promise<{ rows: OutboundRow[]; unreadable: string[]; lane: LaneView | null }>;
  /** Rows on the wire without an end, oldest first in each lane. */
  readInflight(sessionId: string): Promise<OutboundRow[]>;
  /** Content of a message we sent, by WhatsApp id alone. */
  findSent(sessionId: string, waMessageId: string): Promise<{ type: string; content: Record<string, unknown> } | null>;
}

export interface SweepAnswer {
  lanes: (LaneView & { first_seq: number | null })[];
  /** Sessions whose wishes changed. */
  sessions: string[];
  t: string;
}

/** Looks for work whose wake-up was lost, in all shards at once; `since` null looks at everything. */
export type Sweep = (shards: number[], since: string | null) => Promise<SweepAnswer>;

/** The code to scan now; null when pairing ended. Never waits and never throws. */
export type ShowCode = (code: {
  sessionId: string;
  value: string | null;
  attempt: number;
  round: number;
  expiresAtMs: number | null;
}) => void;
