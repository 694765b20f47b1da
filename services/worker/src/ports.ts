/**
 * What the worker's decisions ask of the outside, in its own words. `adapters/whatsapp` implements the link on Baileys,
 * `adapters/supabase` the stores; sessions, jobs and socket events know only what stands here.
 */

/** One Signal key or other secret row of a session; `value` is the sealed text, null deletes the row. */
export interface KeyWrite {
  type: string;
  keyId: string;
  value: string | null;
}

/** A stanza in which a message came, by what stays the same when it comes again. `participant` is "" where the chat says who wrote. */
export interface StanzaKey {
  chat: string;
  participant: string;
  waMessageId: string;
}

/**
 * One decrypted part of a stanza. `part` names the ciphertext; `value` is sealed. `waiting` says that it holds a message
 * which is still to be stored; the rest is kept for redeliveries only.
 */
export interface JournalWrite extends StanzaKey {
  part: string;
  value: string;
  waiting: boolean;
}

/** What a session has decrypted and not stored yet. `no` grows in the order of decryption. */
export type WaitingRow = StanzaKey & { part: string; value: string; no: number };

/** What was decrypted, beside the keys that were used up by it: see `SecretStore.writeKeys`. */
export interface InboundJournal {
  /** The sealed plaintext of a ciphertext that was decrypted before, by this worker or another; null when it was not. */
  read(key: StanzaKey, part: string): Promise<string | null>;
  /** At most 100 rows whose number is above `after`, oldest first; and how often each stanza was begun by a careful owner. */
  waiting(after: number): Promise<{ rows: WaitingRow[]; tries: (StanzaKey & { tries: number })[] }>;
  /** Counts that a stanza is begun. Durable when it resolves; storing its message takes it back. */
  begin(key: StanzaKey): Promise<void>;
  /** Stores `stub` in place of the stanza's message unless something readable is stored within `dueMs`. Durable when it resolves. */
  expect(key: StanzaKey, stub: InboundMessage, dueMs: number): Promise<void>;
  /** The journal rows of the stanza hold no message after all. */
  settle(key: StanzaKey): Promise<void>;
}

/** A message row on its way out, as the lanes hand it over. */
export interface OutboundRow {
  id: string;
  session_id: string;
  lane: number;
  seq: number;
  chat_id: string;
  jid: string;
  type: string;
  content: Record<string, unknown>;
  wa_message_id: string;
  attempts: number;
  /** Attempts counted before it was touched that ended with the death of the worker. */
  deaths: number;
  on_unknown: string;
  status: string;
  status_reason: string | null;
  expires_at_ms: number | null;
  not_before_ms: number | null;
}

/** Asks that a message be marked `sending` in the very commit that makes its ratchet durable. `resend` repeats an unknown one. */
export interface Claim {
  id: string;
  resend: boolean;
}

/** The claim was refused when it was committed: the message must not leave. `reason` is a status or `lane_paused`, `lane_canceled`, `expired`. */
export class ClaimRefused extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(`the claim was refused: ${reason}`);
    this.name = "ClaimRefused";
    this.reason = reason;
  }
}

/** The lease is gone or the epoch has moved on: nothing may be written or sent for this session by this worker any more. */
export class LeaseLost extends Error {
  constructor() {
    super("the lease of the session's shard is lost");
    this.name = "LeaseLost";
  }
}

/**
 * What is stored cannot be opened: damaged, moved between rows, or sealed with another key. Never to be taken for "no
 * credentials", which would unpair the customer: the session fails as `credentials_unreadable`.
 */
export class CredentialsUnreadable extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(`the stored credentials cannot be read: ${detail}`, options);
    this.name = "CredentialsUnreadable";
  }
}

/** Content that we cannot send yet, or that is not what its type promises. Trying again cannot help. */
export class UnsupportedContent extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = "UnsupportedContent";
  }
}

/** A send that did not end well. */
export class SendFailed extends Error {
  /** Bytes of the message may have left: the message is `unknown`, not `queued`. */
  readonly wasWritten: boolean;
  /** The claim was committed: the row says `sending`. */
  readonly wasClaimed: boolean;
  constructor(
    detail: string,
    { wasWritten, wasClaimed, cause }: { wasWritten: boolean; wasClaimed: boolean; cause?: unknown },
  ) {
    super(detail, { cause });
    this.name = "SendFailed";
    this.wasWritten = wasWritten;
    this.wasClaimed = wasClaimed;
  }
}

/**
 * The secrets of one session, written under its lease. A write resolves when it is durable and not before; memory may
 * be updated only then. Values are sealed and unsealed by the caller's adapter.
 *
 * @throws LeaseLost when fenced; ClaimRefused when a claim that came along was refused (its keys are written all the same)
 */
export interface SecretStore {
  readKeys(type: string, keyIds: string[]): Promise<Map<string, string>>;
  /** Keys, claim and journal rows become durable together or not at all. */
  writeKeys(writes: KeyWrite[], claim?: Claim, journal?: JournalWrite[]): Promise<void>;
  readonly journal: InboundJournal;
  /** `paired` is set once, when the phone has accepted the link. */
  writeCredentials(sealed: string, identity?: LinkIdentity & { paired?: boolean }): Promise<void>;
}

/** Who a linked account is, as WhatsApp told us. */
export interface LinkIdentity {
  phone?: string | null;
  lid?: string | null;
  jid?: string | null;
  push_name?: string | null;
  platform?: string | null;
}

/**
 * Why a link cut itself (`terminated_by_us`): an orderly end; the lease refused; a secret row could not be read or written,
 * or not be unsealed; an observation could not be recorded; the library choked on a frame; 30 s without login or QR code;
 * 30 s without a frame; 45 s without an answer; three sends without an ack; 60 s without the next stanza of an offline
 * queue that was announced. `terminate` brings reasons of its own.
 */
export type LinkFault =
  | "ended"
  | "lease_lost"
  | "store_failed"
  | "credentials_unreadable"
  | "observer_failed"
  | "unreadable_frame"
  | "no_login"
  | "silent"
  | "no_answer"
  | "sends_unanswered"
  | "queue_stuck";

/** What is wrong with a link that works on; the session is `degraded` for as long. */
export type LinkTrouble = "check_missed" | "queue_stuck" | "decrypt_storm" | "pre_keys_low";

/** Why a link ended, in our words; the table from codes to causes is `adapters/whatsapp/decode-connection.ts`. */
export type CloseCause =
  | { kind: "restart_required" }
  | { kind: "link_lost"; code: number; detail: string }
  | { kind: "server_busy"; code: number; detail: string }
  | { kind: "rate_limited"; code: number; detail: string }
  | { kind: "unclear"; code: number; detail: string }
  | { kind: "qr_expired" }
  | { kind: "replaced" }
  | { kind: "unlinked"; detail: string }
  | { kind: "unlinked_maybe"; detail: string }
  | { kind: "temporarily_banned"; untilMs: number | null }
  | { kind: "banned"; code: number }
  | { kind: "client_outdated" }
  /** WhatsApp refuses how the client describes itself (409). */
  | { kind: "client_refused" }
  | { kind: "configuration"; detail: string }
  | { kind: "terminated_by_us"; reason: LinkFault | (string & {}) };

/** Why a message that came cannot be shown; the row's `status_reason`. */
export type UnreadableReason =
  /** It did not decrypt, and nothing readable came after our retry requests. */
  | "decryption_failed"
  /** It decrypted to something that is no message. */
  | "content_unreadable"
  /** The database refuses its content. */
  | "content_refused"
  /** Whoever handled it died three times. */
  | "poisoned"
  /** WhatsApp gives these kinds to phones only. */
  | "view_once"
  | "bot_message"
  | "hosted_message"
  /** WhatsApp sent it without content, and the phone did not hand it over. */
  | "content_missing";

/**
 * An inbound message, decoded. `jid` is the address it came from, `altJid` the person's other address when WhatsApp named it.
 * Type `undecryptable` stands for one nobody could read.
 */
export interface InboundMessage extends StanzaKey {
  jid: string;
  altJid: string | null;
  phone: string | null;
  lid: string | null;
  type: string;
  content: Record<string, unknown>;
  /** Set with type `undecryptable`. */
  reason: UnreadableReason | null;
  pushName: string | null;
  atMs: number;
  /** WhatsApp kept it while we were away. */
  delayed: boolean;
}

/** What a link told us, decoded, before we decide anything. */
export type LinkObservation =
  | { kind: "qr"; value: string; round: number; ttlMs: number }
  | { kind: "paired"; identity: LinkIdentity }
  | { kind: "logged_in"; identity: LinkIdentity }
  | { kind: "caught_up" }
  | { kind: "closed"; cause: CloseCause }
  | { kind: "inbound"; message: InboundMessage }
  | { kind: "ack"; waMessageId: string; error: string | null }
  | { kind: "receipt"; waMessageIds: string[]; status: "delivered" | "read" | "played"; atMs: number }
  | { kind: "same_person"; pn: string; lid: string };

/** One live Baileys socket of one session. */
export interface WhatsAppLink {
  /**
   * Encodes, encrypts, commits the ratchet with the claim, then writes the stanza under the row's WhatsApp id. Resolves when the bytes are
   * written; the server's answer comes as an `ack` observation.
   *
   * @throws ClaimRefused (nothing left, the link stays usable), LeaseLost (nothing left, the link ends), UnsupportedContent (before anything happened),
   *   SendFailed
   */
  send(row: OutboundRow, claim: Claim): Promise<void>;
  /** Forgets which devices the person at `jid` has, so that the next send asks WhatsApp for them. */
  forgetDevices(jid: string): Promise<void>;
  /** What is wrong with it although it works on; null when nothing is. */
  trouble(): LinkTrouble | null;
  /** Drops the raw connection at once; `closed` with `terminated_by_us` follows. */
  terminate(reason: string): void;
  /** Orderly end without log-out, at most 2 s. */
  end(): Promise<void>;
  /** Unlinks the device at WhatsApp and ends. */
  logout(): Promise<void>;
}

/** Opens a link. `credentials` null means pair anew; what cannot be unsealed rejects with CredentialsUnreadable. Observations come one at a time, in order, also while the returned promise is pending. */
export interface LinkOptions {
  sessionId: string;
  tenantId: string;
  credentials: string | null;
  secrets: SecretStore;
  /** Content of a message we sent, by WhatsApp id alone: needed when a device asks again. */
  findSent: (waMessageId: string) => Promise<{ type: string; content: Record<string, unknown> } | null>;
  /** Looked at in the gate of the raw socket: past the lease's deadline no byte leaves. */
  mayAct: () => boolean;
  /**
   * Whoever had the session before died, perhaps of a message: until the link has caught up each stanza is counted before it
   * is touched, and set aside when it was begun three times without an end.
   */
  careful?: boolean;
  /** The library held events back for too long and was made to let them go. */
  onBufferStuck?: () => void;
  observe: (observation: LinkObservation) => void | Promise<void>;
}

export type OpenLink = (options: LinkOptions) => Promise<WhatsAppLink>;
