import type { Logger } from "@flotilla/shared/runtime/logger";
import { firstTurn, nextTurn } from "../domain/lane-turns.ts";
import type { OutboundRow } from "../ports.ts";
import type { LaneView, MessageOutbox } from "../store-ports.ts";
import { Lane } from "./lane.ts";

export interface LaneSetOptions {
  sessionId: string;
  outbox: Pick<MessageOutbox, "readLane">;
  /** Rows to read of a lane at a time. */
  readLimit: number;
  /** Rows on their way already, so that a read that raced their claims does not bring them twice. */
  busy: () => Set<string>;
  /** Whether the row at this place is on its way: it may be queued until its claim is durable. */
  isOnWay: (lane: number, seq: number) => boolean;
  /** A lane as a read found it. */
  saw: (view: LaneView) => void;
  /** A row that makes no sense as a message, by id. */
  unreadable: (id: string) => void;
  /** Something may be ready now. */
  changed: () => void;
  databaseNowMs: () => number;
  logger: Logger;
}

interface Hold {
  untilMs: number;
  lane: number;
  seq: number;
  /** Where each lane has to be read again from when the hold ends; a lane that is missing here from its beginning. */
  cursors: Map<number, number>;
}

const readAgainMs = 1_000;

/** The lanes of one session, whose turn it is, and the chats that have to wait. */
export class LaneSet {
  readonly #options: LaneSetOptions;
  readonly #lanes = new Map<number, Lane>();
  readonly #holds = new Map<string, Hold>();
  #turn = firstTurn;
  #stopped = false;

  constructor(options: LaneSetOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#stopped = true;
  }

  isHeld(chatId: string): boolean {
    return this.#holds.has(chatId);
  }

  /** Somebody says that a lane may have rows. */
  want(lane: number): void {
    this.#lane(lane).wanted = true;
    this.#refill();
  }

  /** Takes what a sweep saw. Returns whether there is something in the lane that no wake-up had told. */
  see(view: LaneView & { first_seq: number | null }): boolean {
    const lane = this.#lane(view.lane);
    lane.learn(view);
    if (view.state !== "run" || view.first_seq === null || lane.wanted || lane.reading) return false;
    const behind = view.first_seq <= lane.cursor && !lane.has(view.first_seq) && !this.#isWaiting(view);
    const ahead = view.next_seq - 1 > lane.cursor;
    if (behind) lane.rewindTo(view.first_seq);
    if (behind || ahead) lane.wanted = true;
    this.#refill();
    return behind || ahead;
  }

  /** A claim was refused because of its lane: the rest of it would be refused too. */
  pause(lane: number, state: "paused" | "canceled", seq: number): void {
    const paused = this.#lane(lane);
    paused.rewindTo(seq);
    paused.state = state;
    paused.wanted = false;
  }

  /**
   * Makes a chat wait until `untilMs` of database time (Infinity: until told), with all its rows, and the row in question
   * first afterwards.
   */
  hold(row: OutboundRow, untilMs: number): void {
    const cursors = new Map([...this.#lanes.values()].map(({ lane, cursor }) => [lane, cursor]));
    cursors.set(row.lane, Math.min(cursors.get(row.lane) ?? 0, row.seq - 1));
    for (const lane of this.#lanes.values()) {
      const first = lane.firstReady((chat) => chat !== row.chat_id);
      if (first !== undefined) cursors.set(lane.lane, Math.min(cursors.get(lane.lane) ?? 0, first.seq - 1));
      lane.dropChat(row.chat_id);
    }
    this.#holds.set(row.chat_id, { untilMs, lane: row.lane, seq: row.seq, cursors });
  }

  /** Sets when a chat that is held may go on. */
  holdUntil(chatId: string, untilMs: number): void {
    const hold = this.#holds.get(chatId);
    if (hold !== undefined) hold.untilMs = untilMs;
  }

  /** Milliseconds until the first hold ends, after ending those that are due; null when nobody waits. */
  endHolds(): number | null {
    const now = this.#options.databaseNowMs();
    let first: number | null = null;
    for (const [chat, { untilMs, cursors }] of this.#holds) {
      if (untilMs > now) {
        first = Math.min(first ?? Infinity, untilMs - now);
        continue;
      }
      this.#holds.delete(chat);
      for (const lane of this.#lanes.values()) lane.rewindTo((cursors.get(lane.lane) ?? 0) + 1);
    }
    this.#refill();
    return first;
  }

  /** The row whose turn it is, still in its lane; `take` moves it out and uses the turn up. */
  next(isBusy: (chatId: string) => boolean): { row: OutboundRow; take: () => void } | null {
    const ready = [...this.#lanes.values()].flatMap((lane) => {
      const row = lane.firstReady(isBusy);
      return row === undefined ? [] : [{ lane: lane.lane, weight: lane.weight, row }];
    });
    const turn = nextTurn(this.#turn, ready);
    const chosen = ready.find(({ lane }) => lane === turn?.lane);
    if (turn === null || chosen === undefined) return null;
    const take = () => {
      this.#turn = turn.state;
      this.#lane(chosen.lane).take(chosen.row);
      this.#refill();
    };
    return { row: chosen.row, take };
  }

  #lane(number: number): Lane {
    const known = this.#lanes.get(number);
    if (known !== undefined) return known;
    const lane = new Lane(number);
    this.#lanes.set(number, lane);
    return lane;
  }

  #isWaiting(view: LaneView & { first_seq: number | null }): boolean {
    if (view.first_seq !== null && this.#options.isOnWay(view.lane, view.first_seq)) return true;
    return [...this.#holds.values()].some(({ lane, seq }) => lane === view.lane && seq === view.first_seq);
  }

  #refill(): void {
    for (const lane of this.#lanes.values()) {
      if (this.#stopped || !lane.wanted || lane.reading || lane.size > this.#options.readLimit / 2) continue;
      void this.#read(lane);
    }
  }

  #wantSoon({ lane }: Lane): void {
    setTimeout(() => this.want(lane), readAgainMs).unref();
  }

  async #read(lane: Lane): Promise<void> {
    const { sessionId, outbox, readLimit, busy, databaseNowMs, changed, logger } = this.#options;
    const finish = lane.beginRead(readLimit, busy);
    try {
      const {
        rows,
        unreadable,
        lane: view,
      } = await outbox.readLane({
        session_id: sessionId,
        lane: lane.lane,
        after_seq: lane.cursor,
        limit: readLimit,
        skip_chats: [...this.#holds.keys()],
      });
      if (this.#stopped) return;
      if (view !== null) {
        this.#options.saw(view);
        finish(rows, rows.length + unreadable.length, view);
      }
      for (const id of unreadable) this.#options.unreadable(id);
      if (unreadable.length > 0) this.#wantSoon(lane);
      // Held by an owner before us: the row says until when.
      for (const row of rows)
        if ((row.not_before_ms ?? 0) > databaseNowMs() && !this.isHeld(row.chat_id)) this.hold(row, row.not_before_ms!);
    } catch (error) {
      logger.warn({ error, lane: lane.lane }, "a lane could not be read; trying again in a second");
      this.#wantSoon(lane);
    } finally {
      lane.reading = false;
    }
    if (this.#stopped) return;
    this.#refill();
    changed();
  }
}
