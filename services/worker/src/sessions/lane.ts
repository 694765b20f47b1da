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
    this.#rows = this.#rows.filter((other) => other !== row);
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

  /** Begins a read; the function takes its answer. `isKnown` tells rows that are on their way already. */
  beginRead(limit: number, isKnown: (row: OutboundRow) => boolean): (rows: OutboundRow[], view: LaneView) => void {
    const rewinds = this.#rewinds;
    this.reading = true;
    this.wanted = false;
    return (rows, view) => {
      this.learn(view);
      if (view.state !== "run") return;
      const have = new Set(this.#rows.map(({ seq }) => seq));
      const fresh = rows.filter((row) => !have.has(row.seq) && !isKnown(row));
      this.#rows = [...this.#rows, ...fresh].toSorted((a, b) => a.seq - b.seq);
      // Rewound meanwhile: this answer says nothing about what lies below it.
      if (rewinds !== this.#rewinds) return;
      // Sequence numbers become visible in order, so a short answer means that nothing queued lies below `next_seq`.
      const last = rows.at(-1);
      const full = rows.length >= limit && last !== undefined;
      this.cursor = Math.max(this.cursor, full ? last.seq : view.next_seq - 1);
      if (full) this.wanted = true;
    };
  }
}
