/**
 * One line of a history: what one actor did or saw. `at` is milliseconds on the monotonic clock of the harness; rows and
 * ledger lines are read at the end and carry the moment of reading.
 */
export type HistoryEvent = { at: number } & (
  | ClientEvent
  | MessageRow
  | LedgerLine
  | InboundEvent
  | OwnershipEvent
  | StrikeEvent
  | LogEvent
);

/** Statuses from which a message goes no further without somebody's wish. */
export const endStatuses: ReadonlySet<string> = new Set([
  "sent",
  "delivered",
  "read",
  "played",
  "failed",
  "expired",
  "canceled",
]);

/** The API client. `info`: no answer, so that the request may or may not have been done. */
type ClientEvent =
  | { kind: "invoke"; request: string; refs: string[] }
  | { kind: "ok"; request: string; refs: string[]; status: number }
  | { kind: "fail"; request: string; refs: string[]; status: number; code: string; retryAfter: boolean }
  | { kind: "info"; request: string; refs: string[]; reason: string }
  /** The API has taken so many recipients of a campaign. */
  | { kind: "campaign"; campaign: string; recipients: number };

/** An outbound message as the database has it at the end. */
export interface MessageRow {
  kind: "row";
  id: string;
  /** `client_ref`; null for messages of a campaign. */
  ref: string | null;
  campaign: string | null;
  session: string;
  /** Number of the session's account. */
  sender: string;
  /** Number of the recipient. */
  phone: string;
  lane: number;
  seq: number;
  wa: string;
  status: string;
  textSha256: string;
}

/** What one phone got under one WhatsApp id, as the simulated network counted it; in order of first arrival. */
export interface LedgerLine {
  kind: "ledger";
  sequence: number;
  phone: string;
  sender: string;
  wa: string;
  wire: number;
  visible: number;
  /** Copies that did not decrypt. */
  undecryptable: number;
  textSha256: string | null;
}

type InboundEvent =
  /** A person's phone gave a message to the network. */
  | { kind: "wrote"; from: string; to: string; wa: string }
  /** An inbound message as the database has it at the end. */
  | { kind: "stored"; session: string; phone: string; wa: string; id: string };

type OwnershipEvent =
  /** A session that takes part: its account, shard and linked device. */
  | { kind: "session"; session: string; phone: string; shard: number; device: number }
  /** The session at the end. */
  | { kind: "session-end"; session: string; phone: string; status: string; devices: number[] }
  /** The lease of a shard changed hands (from the database, in its own order). */
  | { kind: "owner"; shard: number; owner: string | null; epoch: number }
  /**
   * A connection of a session's device as the network shows it, noted when it is new, has carried frames, or is gone.
   * `since`: the look before, after which the change happened.
   */
  | { kind: "link"; link: string; phone: string; worker: string | null; open: boolean; frames: number; since: number };

/** Something was done to a part on purpose. `sessions`: how many the worker held. */
interface StrikeEvent {
  kind: "strike";
  strike: "kill" | "freeze" | "resume" | "term" | "break" | "heal";
  what: string;
  worker: string | null;
  sessions: number;
}

/** A line of a worker's log that matters to the checker. */
interface LogEvent {
  kind: "log";
  worker: string;
  what: "fenced" | "paired-anew" | "job-given-up" | "replaced";
}
