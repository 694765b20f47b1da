import { createHash } from "node:crypto";
import { LedgerIndex } from "./ledger-index.ts";
import { type LedgerSummary, LedgerTallies, type SavedTallies } from "./ledger-tallies.ts";

/** What one phone received under one message id from one sender. */
export interface LedgerRow {
  /** Grows with each first arrival; pages continue after it. */
  readonly sequence: number;
  readonly phone: string;
  readonly sender: string;
  readonly wa_message_id: string;
  /** Position among the first arrivals at this phone from this sender, from 1. */
  readonly arrival: number;
  /** Milliseconds since 1970. */
  readonly first_at_ms: number;
  last_at_ms: number;
  /** How often the network carried it to the phone. */
  wire_copies: number;
  /** How often the person saw it: phones drop repeated ids, so more than 1 is a fault of this program. */
  visible_copies: number;
  failed_decryptions: number;
  /** Copies that did not decrypt, repeats of a message already shown included: a ratchet was used twice, or lost. */
  undecryptable_copies: number;
  kind: string | null;
  /** Hex SHA-256 of the decrypted text; null without text, before decryption and in blind mode. */
  text_sha256: string | null;
}

/** Which rows: those that fit every condition given, after a sequence number. */
export interface LedgerFilter {
  readonly phone?: string | undefined;
  readonly sender?: string | undefined;
  readonly waMessageId?: string | undefined;
  readonly after: number;
  readonly limit: number;
}

/** A ledger as JSON: its counts, and the newest of its rows. */
export interface SavedLedger {
  readonly last: number;
  readonly tallies: SavedTallies;
  readonly rows: LedgerRow[];
}

/**
 * The ground truth: what phones really received, counted where it arrives.
 * Totals are kept of everything; rows in a ring, found by phone, by sender and by message id without a walk.
 */
export class Ledger {
  readonly #capacity: number;
  /** Rows by sequence, at `sequence % capacity`. */
  #ring: LedgerRow[] = [];
  readonly #byPhone = new LedgerIndex();
  readonly #bySender = new LedgerIndex();
  readonly #byMessage = new LedgerIndex();
  readonly #tallies = new LedgerTallies();
  /** 48 bits of a hash for each text that a sender brought a phone: at a million texts one false alarm in 560 runs. */
  readonly #texts = new Set<number>();
  #first = 1;
  #last = 0;
  /** Rows up to here belong to before the last reset: what still happens to them counts no more. */
  #cleared = 0;
  readonly #watchers = new Set<(row: LedgerRow) => void>();

  /** `capacity`: rows kept; beyond it the oldest are forgotten, the totals stay. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** A copy reached the phone. Returns the row; `visible_copies` says whether the phone already shows it. */
  arrived(phone: string, sender: string, waMessageId: string, at: Date): LedgerRow {
    const known = this.#find(phone, sender, waMessageId);
    this.#tallies.carried(sender, known !== undefined);
    if (known) {
      known.wire_copies += 1;
      known.last_at_ms = at.getTime();
      this.#changed(known);
      return known;
    }
    const arrival = this.#tallies.arrived(phone, sender);
    const row: LedgerRow = {
      sequence: ++this.#last,
      phone,
      sender,
      wa_message_id: waMessageId,
      arrival,
      first_at_ms: at.getTime(),
      last_at_ms: at.getTime(),
      wire_copies: 1,
      visible_copies: 0,
      failed_decryptions: 0,
      undecryptable_copies: 0,
      kind: null,
      text_sha256: null,
    };
    this.#keep(row);
    this.#changed(row);
    return row;
  }

  /** The phone shows this row's message to the person (once more). */
  shown(row: LedgerRow, kind: string | null, textSha256: string | null): void {
    row.visible_copies += 1;
    row.kind = kind;
    row.text_sha256 = textSha256;
    if (row.sequence <= this.#cleared) return;
    const repeated = textSha256 !== null && this.#repeats(row, textSha256);
    this.#tallies.shown(row.sender, row.visible_copies, repeated);
    this.#changed(row);
  }

  /** How many messages of this sender have reached this phone since the last reset. */
  arrivals(phone: string, sender: string): number {
    return this.#tallies.arrivals(phone, sender);
  }

  /** Rows in order of first arrival, after `after`. */
  page(filter: LedgerFilter): LedgerRow[] {
    const rows: LedgerRow[] = [];
    for (const sequence of this.#sequences(filter)) {
      const row = this.#row(sequence);
      if (!row) continue;
      if (filter.phone !== undefined && row.phone !== filter.phone) continue;
      if (filter.sender !== undefined && row.sender !== filter.sender) continue;
      if (filter.waMessageId !== undefined && row.wa_message_id !== filter.waMessageId) continue;
      rows.push(row);
      if (rows.length === filter.limit) break;
    }
    return rows;
  }

  /** Totals, of one sender or of all. */
  summary(sender?: string): LedgerSummary {
    return this.#tallies.summary(sender);
  }

  /** Calls `watcher` after every change of a row, until the returned function is called. */
  watch(watcher: (row: LedgerRow) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Rows kept at present. */
  get size(): number {
    return this.#last - this.#first + 1;
  }

  clear(): void {
    this.#ring = [];
    for (const index of [this.#byPhone, this.#bySender, this.#byMessage]) index.clear();
    this.#tallies.clear();
    this.#texts.clear();
    this.#first = this.#last + 1;
    this.#cleared = this.#last;
  }

  /** All counts and the newest `rows` rows. Texts that repeat one in an older row are not recognised after `load`. */
  save(rows: number): SavedLedger {
    const kept = Math.min(rows, this.size);
    const newest = Array.from({ length: kept }, (_, index) => this.#row(this.#last - kept + 1 + index));
    return { last: this.#last, tallies: this.#tallies.save(), rows: newest.filter((row) => row !== undefined) };
  }

  /** Takes back what `save` returned, as far as there is room. */
  load({ last, tallies, rows }: SavedLedger): void {
    this.clear();
    this.#tallies.load(tallies);
    const kept = rows.slice(-this.#capacity);
    this.#first = kept[0]?.sequence ?? last + 1;
    this.#last = last;
    this.#cleared = 0;
    for (const row of kept) {
      this.#keep(row);
      if (row.text_sha256 !== null) this.#repeats(row, row.text_sha256);
    }
  }

  #sequences({ phone, sender, waMessageId, after }: LedgerFilter): Iterable<number> {
    if (waMessageId !== undefined) return this.#byMessage.after(waMessageId, after);
    if (phone !== undefined) return this.#byPhone.after(phone, after);
    if (sender !== undefined) return this.#bySender.after(sender, after);
    return range(Math.max(after + 1, this.#first), this.#last);
  }

  #find(phone: string, sender: string, waMessageId: string): LedgerRow | undefined {
    const sequence = this.#byMessage.find(waMessageId, (candidate) => {
      const row = this.#row(candidate);
      return row?.phone === phone && row.sender === sender;
    });
    return sequence === undefined ? undefined : this.#row(sequence);
  }

  #row(sequence: number): LedgerRow | undefined {
    const row = this.#ring[sequence % this.#capacity];
    return row?.sequence === sequence ? row : undefined;
  }

  #keep(row: LedgerRow): void {
    const oldest = this.#ring[row.sequence % this.#capacity];
    if (oldest) {
      this.#byPhone.forgetFirst(oldest.phone);
      this.#bySender.forgetFirst(oldest.sender);
      this.#byMessage.forgetFirst(oldest.wa_message_id);
      this.#first = oldest.sequence + 1;
    }
    this.#ring[row.sequence % this.#capacity] = row;
    this.#byPhone.add(row.phone, row.sequence);
    this.#bySender.add(row.sender, row.sequence);
    this.#byMessage.add(row.wa_message_id, row.sequence);
  }

  #repeats({ phone, sender }: LedgerRow, textSha256: string): boolean {
    const key = createHash("sha256").update(`${phone}|${sender}|${textSha256}`).digest().readUIntBE(0, 6);
    if (this.#texts.has(key)) return true;
    if (this.#texts.size < this.#capacity) this.#texts.add(key);
    return false;
  }

  #changed(row: LedgerRow): void {
    for (const watcher of this.#watchers) watcher(row);
  }
}

function* range(from: number, to: number): Generator<number> {
  for (let value = from; value <= to; value++) yield value;
}
