import type { Campaign, LineError, PartResult } from "@flotilla/shared/contract/http-campaigns";
import type { Chat, Overview } from "@flotilla/shared/contract/http-chats";
import type { FleetMap, Placement, Worker } from "@flotilla/shared/contract/http-fleet";
import type { Message, MessageResolve } from "@flotilla/shared/contract/http-messages";
import type { Session } from "@flotilla/shared/contract/http-sessions";
import type {
  AddedSuppression,
  OptOutConfirmation,
  Suppressed,
  Suppression,
} from "@flotilla/shared/contract/http-suppressions";
import type { JobName, JobPayload } from "@flotilla/shared/contract/jobs";
import type { MessageHistory } from "@flotilla/shared/domain/timeline";
import type { LogRange } from "@flotilla/shared/runtime/event-log";

/** What the API asks of the outside. Stores throw AppError for what the caller must hear; `unavailable` when Postgres is away. */

/** A keyed request, as the database keeps it in the transaction of the row. */
export interface IdempotencyRequest {
  route: string;
  key: string;
  body_hash: string;
  ttl_s: number;
}

/** Where each tenant's log stands after a commit. */
export type Heads = Readonly<Record<string, number>>;

/** A lane of a session that may have something to send. */
export interface Wake {
  session_id: string;
  shard: number;
  lane: number;
}

export interface Membership {
  tenantId: string;
  name: string;
  role: string;
  /** Whether the member operates the installation; the same in every tenant. */
  operator: boolean;
}

export interface Memberships {
  /** Oldest first; empty for a member of nothing. */
  of(memberId: string): Promise<Membership[]>;
}

/** A page in the order of its cursor, with the place in the log it was read at. */
export interface Page<Item> {
  data: Item[];
  /** Key of the last row when there are more. */
  last_key: unknown;
  has_more: boolean;
  sequence: number;
  log_id: string;
}

/** Filters of a list; `before` continues behind a row. */
export type ListFilters = Readonly<Record<string, unknown>> & { limit: number };

export interface NewSession {
  id: string;
  name: string;
  display_name: string | null;
  network: "whatsapp" | "simulated";
  shard: number;
  start: boolean;
  metadata: Record<string, string>;
  idempotency: IdempotencyRequest | null;
  request_id: string;
}

export interface SessionStore {
  create(
    tenant: string,
    row: NewSession,
  ): Promise<{ session: Session; shard: number; heads: Heads; replayed: boolean }>;
  control(
    tenant: string,
    ref: string,
    request: "start" | "stop" | "restart" | "logout" | "delete",
    requestId: string,
  ): Promise<{ session: Session; shard: number; heads: Heads }>;
  /** Throws `not_found`. */
  get(tenant: string, ref: string): Promise<Session>;
  /** Throws `not_found`. */
  placement(tenant: string, ref: string): Promise<Placement>;
  list(tenant: string, filters: ListFilters): Promise<Page<Session>>;
}

/** An outbound message on its way into the database; `index` is its place in the request. */
export interface NewMessage {
  index: number;
  id: string;
  session: string;
  jid: string;
  phone: string | null;
  input: string;
  type: string;
  content: Record<string, unknown>;
  category: string;
  client_ref: string | null;
  content_hash: string;
  ttl_s: number;
  on_unknown: string;
  metadata: Record<string, string>;
}

/** Why a row was not taken. */
export type RowRefusal =
  | "unknown_session"
  | "session_not_connected"
  | "opted_out"
  | "backlog_full"
  | "client_ref_conflict"
  | "not_stored";

export type RowResult =
  | { index: number; outcome: "accepted" | "duplicate"; id: string; status: Message["status"] }
  | { index: number; outcome: "rejected"; code: RowRefusal };

export interface AcceptedRows {
  batch_id: string | null;
  results: RowResult[];
  messages: Record<string, Message>;
  wakes: Wake[];
  heads: Heads;
  replayed: boolean;
}

export interface MessageStore {
  /** One transaction for all rows; with `atomic` and a refused row nothing is stored. */
  accept(
    tenant: string,
    request: {
      rows: NewMessage[];
      atomic: boolean;
      batch_id: string | null;
      idempotency: IdempotencyRequest | null;
      request_id: string;
    },
  ): Promise<AcceptedRows>;
  /** Throws `not_found`, or `state_conflict` from `sending` on. */
  cancel(tenant: string, id: string, requestId: string): Promise<{ message: Message; heads: Heads }>;
  /** What a person decides about a message in `unknown` or held for review. Throws `not_found`, `state_conflict`. */
  resolve(
    tenant: string,
    id: string,
    as: MessageResolve["as"],
    requestId: string,
  ): Promise<{ message: Message; wake: Wake; heads: Heads }>;
  /** Throws `not_found`. */
  get(tenant: string, id: string): Promise<Message>;
  /** Throws `not_found`. */
  history(tenant: string, id: string): Promise<MessageHistory>;
  list(tenant: string, filters: ListFilters): Promise<Page<Message>>;
}

export interface NewCampaign {
  id: string;
  name: string;
  category: string;
  content: Record<string, unknown>;
  sessions: string[];
  default_region: string | null;
  ttl_s: number;
  on_unknown: string;
  metadata: Record<string, string>;
  idempotency: IdempotencyRequest | null;
  request_id: string;
}

/** A recipient as it is stored: variables filled in, address read. */
export interface RecipientRow {
  line: number;
  jid: string;
  phone: string | null;
  input: string;
  body: string;
  client_ref: string | null;
}

export type RecipientError = Omit<LineError, "part">;

/** A part that is open for upload, or that is complete already. */
export interface OpenedPart {
  part: number;
  /** Names this upload; one that opens the part later takes it over. Null for a complete part. */
  upload: string | null;
  complete: boolean;
  digest: string | null;
  result: PartResult;
  text: string;
  defaultRegion: string | null;
}

export interface CampaignStore {
  /** Throws `validation_failed` with a pointer for each session that is not there. */
  create(tenant: string, row: NewCampaign): Promise<{ campaign: Campaign; heads: Heads; replayed: boolean }>;
  control(
    tenant: string,
    id: string,
    request: "start" | "pause" | "resume" | "cancel",
    requestId: string,
  ): Promise<{ campaign: Campaign; wakes: Wake[]; heads: Heads }>;
  /** Throws `not_found`. */
  get(tenant: string, id: string): Promise<Campaign>;
  list(tenant: string, filters: ListFilters): Promise<Page<Campaign>>;
  /** Refused lines behind a place, oldest first. */
  listErrors(
    tenant: string,
    id: string,
    range: { part: number | null; afterPart: number; afterLine: number; limit: number },
  ): Promise<LineError[]>;
}

/** Where the lines of a part go. All throw `part_conflict` when another upload took the part over. */
export interface RecipientStore {
  /** `part` null: the next one. Throws `not_found`, or `state_conflict` once the campaign has started. */
  open(tenant: string, campaign: string, part: number | null): Promise<OpenedPart>;
  add(
    tenant: string,
    campaign: string,
    opened: OpenedPart,
    rows: RecipientRow[],
    errors: RecipientError[],
  ): Promise<void>;
  close(tenant: string, campaign: string, opened: OpenedPart, digest: string): Promise<PartResult>;
  drop(tenant: string, campaign: string, opened: OpenedPart): Promise<void>;
}

export interface ChatStore {
  list(tenant: string, filters: ListFilters): Promise<Page<Chat>>;
  /** Throws `not_found`. */
  get(tenant: string, id: string): Promise<Chat>;
  /** Throws `not_found`. */
  markRead(tenant: string, id: string): Promise<{ heads: Heads }>;
  overview(tenant: string): Promise<Overview>;
}

export interface NewSuppression {
  jid: string;
  phone: string | null;
  scope: "all" | "marketing";
  note: string | null;
  /** Id of the member. */
  created_by: string;
  request_id: string;
}

/** Who is not to be written to. */
export interface SuppressionStore {
  list(tenant: string, filters: ListFilters): Promise<Page<Suppression>>;
  /** Adds what is not there yet, and takes back what has not left to the person. */
  add(tenant: string, row: NewSuppression): Promise<{ suppression: AddedSuppression; added: boolean; heads: Heads }>;
  /** Throws `not_found`, or `validation_failed` when a note is needed and missing. */
  remove(
    tenant: string,
    id: string,
    request: { note: string | null; by: string; requestId: string },
  ): Promise<{ heads: Heads }>;
  /** What each of these is kept from; what is missing may be written to. */
  check(tenant: string, jids: readonly string[]): Promise<ReadonlyMap<string, Suppressed>>;
  confirmation(tenant: string): Promise<OptOutConfirmation>;
  setConfirmation(tenant: string, confirmation: OptOutConfirmation): Promise<OptOutConfirmation>;
}

/** The workers of the installation; for operators. */
export interface FleetStore {
  /** The living and those gone within the hour. */
  list(): Promise<Worker[]>;
  /** Throws `not_found`. */
  get(worker: string): Promise<Worker>;
  /** Asks for a drain, or ends one. Throws `not_found`, or `state_conflict` for a worker that is gone. */
  setDraining(worker: string, draining: boolean): Promise<Worker>;
  map(): Promise<FleetMap>;
}

export interface EventReader {
  read(range: { tenant: string; after: number; limit: number }): Promise<LogRange>;
}

export interface Bells {
  /** Resolves when the tenant's log may hold something behind `after`, when the time is up, or when the signal aborts. */
  wait(tenant: string, after: number, options: { timeoutMs: number; signal: AbortSignal }): Promise<void>;
}

export interface PairingCodes {
  /** The QR code to scan now, or null. Throws `unavailable` while Redis is away. */
  read(sessionId: string): Promise<{ qr: string; attempt: number; round: number; expires_at: string } | null>;
}

/** A job to add, with the shard when it belongs to one. */
export type Hint = {
  [Name in JobName]: { name: Name; payload: JobPayload<Name>; shard?: number };
}[JobName];

/**
 * Tells the others about a commit. Returns at once and never fails: a lost hint costs the seconds until a sweep finds the
 * row, and an answer must not wait for Redis.
 */
export interface Announcer {
  announce(news: { heads?: Heads; hints?: readonly Hint[] }): void;
}
