/** What one phone received under one message id from one sender. */
export interface LedgerRow {
  /** Grows with each first arrival; pages continue after it. */
  readonly sequence: number;
  readonly phone: string;
  readonly sender: string;
  readonly wa_message_id: string;
  /** Position among the first arrivals at this phone from this sender, from 1. */
  readonly arrival: number;
  readonly first_at: string;
  last_at: string;
  /** How often the network carried it to the phone. */
  wire_copies: number;
  /** How often the person saw it: phones drop repeated ids, so more than 1 is a fault of this program. */
  visible_copies: number;
  failed_decryptions: number;
  kind: string | null;
  /** Hex SHA-256 of the decrypted text; null without text, before decryption and in blind mode. */
  text_sha256: string | null;
}

/** Totals over everything since the last reset, also over rows no longer kept. */
export interface LedgerSummary {
  phones: number;
  messages: number;
  wire_copies: number;
  visible_copies: number;
  /** Extra wire copies of one id: dropped by the phone, so nobody saw them twice. */
  duplicates_wire: number;
  /** Messages a person saw more than once. */
  duplicates_visible: number;
  /** Arrived, but not (yet) decrypted. */
  undecrypted: number;
  /** Different ids of one sender that brought one phone the same text: duplicates that no phone can hide. */
  repeated_texts: number;
}

interface Tally extends Omit<LedgerSummary, "phones"> {
  phones: Map<string, number>;
  texts: Set<string>;
}

/** The ground truth: what phones really received, counted where it arrives. */
export class Ledger {
  readonly #capacity: number;
  readonly #rows = new Map<string, LedgerRow>();
  #total = newTally();
  readonly #bySender = new Map<string, Tally>();
  #sequence = 0;

  /** `capacity`: rows kept; beyond it the oldest are forgotten, the totals stay. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** A copy reached the phone. Returns the row; `visible_copies` says whether the phone already shows it. */
  arrived(phone: string, sender: string, waMessageId: string, at: Date): LedgerRow {
    const key = `${phone}|${sender}|${waMessageId}`;
    const known = this.#rows.get(key);
    if (known) {
      known.wire_copies += 1;
      known.last_at = at.toISOString();
      for (const tally of this.#tallies(sender)) {
        tally.wire_copies += 1;
        tally.duplicates_wire += 1;
      }
      return known;
    }
    let arrival = 0;
    for (const tally of this.#tallies(sender)) {
      arrival = (tally.phones.get(phone) ?? 0) + 1;
      tally.phones.set(phone, arrival);
      tally.messages += 1;
      tally.wire_copies += 1;
      tally.undecrypted += 1;
    }
    const row: LedgerRow = {
      sequence: ++this.#sequence,
      phone,
      sender,
      wa_message_id: waMessageId,
      arrival,
      first_at: at.toISOString(),
      last_at: at.toISOString(),
      wire_copies: 1,
      visible_copies: 0,
      failed_decryptions: 0,
      kind: null,
      text_sha256: null,
    };
    this.#rows.set(key, row);
    if (this.#rows.size > this.#capacity) this.#forgetOldest();
    return row;
  }

  /** The phone shows this row's message to the person (once more). */
  shown(row: LedgerRow, kind: string | null, textSha256: string | null): void {
    row.visible_copies += 1;
    row.kind = kind;
    row.text_sha256 = textSha256;
    for (const tally of this.#tallies(row.sender)) {
      tally.visible_copies += 1;
      if (row.visible_copies === 1) tally.undecrypted -= 1;
      if (row.visible_copies === 2) tally.duplicates_visible += 1;
      if (textSha256 === null) continue;
      const text = `${row.phone}|${row.sender}|${textSha256}`;
      if (tally.texts.has(text)) tally.repeated_texts += 1;
      else if (tally.texts.size < this.#capacity) tally.texts.add(text);
    }
  }

  /** Rows in order of first arrival, after `after`. */
  page(filter: {
    phone?: string | undefined;
    sender?: string | undefined;
    waMessageId?: string | undefined;
    after: number;
    limit: number;
  }): LedgerRow[] {
    const rows: LedgerRow[] = [];
    for (const row of this.#rows.values()) {
      if (row.sequence <= filter.after) continue;
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
    const tally = sender === undefined ? this.#total : (this.#bySender.get(sender) ?? newTally());
    const { phones, texts: _texts, ...counts } = tally;
    return { phones: phones.size, ...counts };
  }

  clear(): void {
    this.#rows.clear();
    this.#bySender.clear();
    this.#total = newTally();
  }

  #tallies(sender: string): [Tally, Tally] {
    let own = this.#bySender.get(sender);
    if (!own) this.#bySender.set(sender, (own = newTally()));
    return [this.#total, own];
  }

  #forgetOldest(): void {
    for (const key of this.#rows.keys()) {
      this.#rows.delete(key);
      return;
    }
  }
}

function newTally(): Tally {
  return {
    phones: new Map(),
    texts: new Set(),
    messages: 0,
    wire_copies: 0,
    visible_copies: 0,
    duplicates_wire: 0,
    duplicates_visible: 0,
    undecrypted: 0,
    repeated_texts: 0,
  };
}
