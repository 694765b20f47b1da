import type { Envelope } from "@flotilla/shared/contract/events";
import type { EventBatch } from "@flotilla/shared/contract/realtime";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { fanOut } from "./fan-out.ts";
import type { EventLog } from "./ports.ts";

export interface TenantFeedOptions {
  tenant: string;
  log: EventLog;
  logger: Logger;
  /** Sends a batch to everybody in the topic's local room, at once. Returns false when nobody is left in it. */
  deliver: (feed: TenantFeed, batch: EventBatch) => boolean;
  /** Sees every event once, in order, after it was delivered. */
  observe: (event: Envelope) => void;
}

const readLimit = 500;
/** Newest events kept in memory, so that many clients coming back at once do not each read the database. */
const recentLimit = 1_000;

/**
 * One tenant's log as this replica has told it: everything up to `head` has been emitted to the local rooms. Reading is
 * asynchronous, but emitting and moving `head` happen in one tick, so whoever compares a cursor with `head` and joins a
 * room in one tick misses nothing and gets nothing twice.
 */
export class TenantFeed {
  readonly tenant: string;
  readonly #options: TenantFeedOptions;
  #logId: string;
  #head: number;
  #recent: Envelope[] = [];
  /** For each open topic, the end of the last range sent to its room. */
  readonly #sentTo = new Map<string, number>();
  #advancing: Promise<void> | null = null;
  #woken = false;

  constructor(options: TenantFeedOptions, position: { log_id: string; head: number }) {
    this.#options = options;
    this.tenant = options.tenant;
    this.#logId = position.log_id;
    this.#head = position.head;
  }

  get logId(): string {
    return this.#logId;
  }

  get head(): number {
    return this.#head;
  }

  /** Call in the tick in which somebody joins the topic's room. A new room starts at the head. */
  openTopic(topic: string): void {
    if (!this.#sentTo.has(topic)) this.#sentTo.set(topic, this.#head);
  }

  /** The events in `(after, head]` when memory still holds all of them, else null. */
  recentAfter(after: number): Envelope[] | null {
    if (after >= this.#head) return [];
    const oldest = this.#recent[0]?.sequence;
    return oldest === undefined || oldest > after + 1 ? null : this.#recent.slice(after + 1 - oldest);
  }

  /**
   * Reads and emits what is new. Resolves when everything that was committed before the call has been emitted; rejects
   * when the log cannot be read, and the next call tries again.
   */
  advance(): Promise<void> {
    this.#woken = true;
    this.#advancing ??= this.#readOn();
    return this.#advancing;
  }

  /** Resolves when no reading is under way. */
  async settle(): Promise<void> {
    await this.#advancing?.catch(() => {
      // Whoever woke it has heard of it.
    });
  }

  /** Tells quiet rooms how far the log has come, so that their clients' cursors do not age. */
  sendQuietRanges(): void {
    for (const [topic, from] of this.#sentTo) if (from < this.#head) this.#send(topic, from, []);
  }

  async #readOn(): Promise<void> {
    const { log, tenant } = this.#options;
    try {
      while (this.#woken) {
        this.#woken = false;
        const range = await log.readEvents({ tenant, after: this.#head, limit: readLimit });
        if (range.log_id !== this.#logId) this.#startOver(range.log_id, range.head);
        else if (range.events.length > 0) this.#emit(range.events);
        if (range.events.length === readLimit) this.#woken = true;
      }
    } finally {
      // In the tick of the last look at `#woken`, so that no wake-up falls between the two.
      this.#advancing = null;
    }
  }

  #emit(events: readonly Envelope[]): void {
    const first = events[0]!.sequence;
    if (first !== this.#head + 1) this.#skipTo(first - 1);
    this.#head = events.at(-1)!.sequence;
    this.#recent = [...this.#recent, ...events].slice(-recentLimit);
    for (const [topic, shown] of fanOut(events, (wanted) => this.#sentTo.has(wanted)))
      this.#send(topic, this.#sentTo.get(topic) ?? first - 1, shown);
    for (const event of events) this.#options.observe(event);
  }

  #send(topic: string, from: number, events: Envelope[]): void {
    this.#sentTo.set(topic, this.#head);
    const somebody = this.#options.deliver(this, { topic, log_id: this.#logId, from, to: this.#head, events });
    if (!somebody) this.#sentTo.delete(topic);
  }

  /** Events were deleted before this replica read them: the rooms' next `from` shows the gap, and clients ask again. */
  #skipTo(sequence: number): void {
    this.#options.logger.error(
      { from: this.#head, to: sequence },
      "events of this tenant expired before they were read",
    );
    this.#recent = [];
    this.#head = sequence;
    for (const topic of this.#sentTo.keys()) this.#sentTo.set(topic, sequence);
  }

  /** The log was restored or rebuilt: an empty range with the new id makes every client load a snapshot. */
  #startOver(logId: string, head: number): void {
    this.#options.logger.warn("the log of this tenant was replaced; its clients start over");
    this.#logId = logId;
    this.#head = head;
    this.#recent = [];
    for (const topic of this.#sentTo.keys()) this.#send(topic, head, []);
  }
}
