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
}

/** All tallies as JSON: of everything, and by sender. */
export interface SavedTallies {
  total: SavedTally;
  senders: [string, SavedTally][];
}

type SavedTally = Omit<LedgerSummary, "phones"> & { phones: [string, number][] };

/** What phones received, counted: of all senders together, and of each. */
export class LedgerTallies {
  #total = newTally();
  readonly #bySender = new Map<string, Tally>();

  /** One copy more on the wire; `again`: of an id that the phone has had. */
  carried(sender: string, again: boolean): void {
    for (const tally of this.#both(sender)) {
      tally.wire_copies += 1;
      if (again) tally.duplicates_wire += 1;
    }
  }

  /** A message of an id that is new to the phone. Returns its position among those of this sender, from 1. */
  arrived(phone: string, sender: string): number {
    for (const tally of this.#both(sender)) {
      tally.messages += 1;
      tally.undecrypted += 1;
      tally.phones.set(phone, (tally.phones.get(phone) ?? 0) + 1);
    }
    return this.arrivals(phone, sender);
  }

  /** The person sees it, for the `copy`-th time; `repeated`: the same text as an earlier message. */
  shown(sender: string, copy: number, repeated: boolean): void {
    for (const tally of this.#both(sender)) {
      tally.visible_copies += 1;
      if (copy === 1) tally.undecrypted -= 1;
      if (copy === 2) tally.duplicates_visible += 1;
      if (repeated) tally.repeated_texts += 1;
    }
  }

  arrivals(phone: string, sender: string): number {
    return this.#bySender.get(sender)?.phones.get(phone) ?? 0;
  }

  /** Totals, of one sender or of all. */
  summary(sender?: string): LedgerSummary {
    const tally = sender === undefined ? this.#total : (this.#bySender.get(sender) ?? newTally());
    const { phones, ...counts } = tally;
    return { phones: phones.size, ...counts };
  }

  clear(): void {
    this.#total = newTally();
    this.#bySender.clear();
  }

  save(): SavedTallies {
    return {
      total: saved(this.#total),
      senders: [...this.#bySender].map(([sender, tally]): [string, SavedTally] => [sender, saved(tally)]),
    };
  }

  /** Takes back what `save` returned. */
  load({ total, senders }: SavedTallies): void {
    this.clear();
    this.#total = { ...total, phones: new Map(total.phones) };
    for (const [sender, tally] of senders) this.#bySender.set(sender, { ...tally, phones: new Map(tally.phones) });
  }

  #both(sender: string): [Tally, Tally] {
    let own = this.#bySender.get(sender);
    if (!own) this.#bySender.set(sender, (own = newTally()));
    return [this.#total, own];
  }
}

function saved(tally: Tally): SavedTally {
  return { ...tally, phones: [...tally.phones] };
}

function newTally(): Tally {
  return {
    phones: new Map(),
    messages: 0,
    wire_copies: 0,
    visible_copies: 0,
    duplicates_wire: 0,
    duplicates_visible: 0,
    undecrypted: 0,
    repeated_texts: 0,
  };
}
