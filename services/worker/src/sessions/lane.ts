import type { OutboundRow } from "../ports.ts";
import type { LaneView } from "../store-ports.ts";

/**
 * What a pump knows of one lane: a bounded piece of its queued rows in order. The cursor is the highest sequence read; it
 * is only an optimisation, since the index holds queued rows alone: reading again from lower down costs a read.
 */
export class Lane {
  readonly lane: number;
  weight: number;
  state: LaneView["state"] = "run";
  cursor = 0;
  /** There may be rows above the cursor. */
  wanted = true;
  reading = false;
  #rows: OutboundRow[] = [];
  #rewinds = 0;
  /** Rows taken since the read under way began: its answer may be older than that. */
  #taken = new Set<string>();

  constructor(lane: number) {
    this.lane = lane;
    this.weight = lane === 0 ? 8 : 1;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** The first row whose chat may be written to now. */
  firstReady(isBusy: (chatId: string) => boolean): OutboundRow | undefined {
    return this.state === "run" ? this.#rows.find((row) => !isBusy(row.chat_id)) : undefined;
  }

  take(row: OutboundRow): void {
    this.#rows = this.#rows.filter(({ id }) => id !== row.id);
    if (this.reading) this.#taken.add(row.id);
  }

  has(seq: number): boolean {
    return this.#rows.some((row) => row.seq === seq);
  }

  /** Reads again from `seq` on: rows there are queued that were not, or were left out. */
  rewindTo(seq: number): void {
    this.cursor = Math.min(this.cursor, seq - 1);
    this.wanted = true;
    this.#rewinds++;
  }

  /** Forgets the rows of a chat that has to wait; whoever ends the wait rewinds. */
  dropChat(chatId: string): void {
    this.#rows = this.#rows.filter((row) => row.chat_id !== chatId);
  }

  /** Takes over what is known of the lane. One that no longer runs forgets its rows, and reads them again if it resumes. */
  learn(view: LaneView): void {
    const resumed = this.state !== "run" && view.state === "run";
    this.state = view.state;
    this.weight = view.weight;
    if (view.state !== "run") {
      const first = this.#rows[0];
      this.#rows = [];
      if (first !== undefined) this.rewindTo(first.seq);
    }
    if (resumed) this.wanted = true;
  }

  /**
   * Begins a read; the function takes its answer. `busy` tells rows that are on their way, or have an outcome that is
   * not written yet: what was so at the beginning, or became so since, may be queued in the answer and is not any more.
   * `found` counts rows that could not be read, too.
   */
  beginRead(limit: number, busy: () => Set<string>): (rows: OutboundRow[], found: number, view: LaneView) => void {
    const rewinds = this.#rewinds;
    const before = busy();
    this.#taken = new Set();
    this.reading = true;
    this.wanted = false;
    return (rows, found, view) => {
      this.learn(view);
      if (view.state !== "run") return;
      const have = new Set(this.#rows.map(({ seq }) => seq));
      const now = busy();
      const isStale = ({ id }: OutboundRow) => before.has(id) || this.#taken.has(id) || now.has(id);
      const fresh = rows.filter((row) => !have.has(row.seq) && !isStale(row));
      this.#rows = [...this.#rows, ...fresh].toSorted((a, b) => a.seq - b.seq);
      // Rewound meanwhile: this answer says nothing about what lies below it.
      if (rewinds !== this.#rewinds) return;
      // Sequence numbers become visible in order, so a short answer means that nothing queued lies below `next_seq`.
      const last = rows.at(-1);
      const full = found >= limit && last !== undefined;
      this.cursor = Math.max(this.cursor, full ? last.seq : view.next_seq - 1);
      if (full) this.wanted = true;
    };
  }
}
