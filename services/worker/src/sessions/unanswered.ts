import type { Logger } from "@flotilla/shared/runtime/logger";
import { judgeFound, type UnansweredVerdict } from "../domain/unknown-outcome.ts";
import type { OutboundRow } from "../ports.ts";
import type { MessageOutbox } from "../store-ports.ts";
import type { Flights } from "./flights.ts";
import type { OutcomeWriter } from "./outcome-writer.ts";

export interface UnansweredOptions {
  sessionId: string;
  outbox: Pick<MessageOutbox, "readInflight">;
  flights: Flights;
  outcomes: OutcomeWriter;
  /** Messages that are taken, or have an outcome that is not written yet. */
  busyIds: () => Set<string>;
  databaseNowMs: () => number;
  metrics: { unknown(resolution: string): void };
  logger: Logger;
}

/** Messages of one session that left, or may have, and have no end: those to repeat, and what becomes of the others. */
export class Unanswered {
  readonly #options: UnansweredOptions;
  /** To be repeated under their ids, before anything else of their chats. */
  repeats: OutboundRow[] = [];

  constructor(options: UnansweredOptions) {
    this.#options = options;
  }

  /** Whether later messages of the chat have to wait for a repeat. */
  awaits(chatId: string): boolean {
    return this.repeats.some((row) => row.chat_id === chatId);
  }

  take(row: OutboundRow): void {
    this.repeats = this.repeats.filter((other) => other !== row);
  }

  /** Reads what earlier links and owners left, and decides about each. */
  async takeUp(): Promise<void> {
    const { outbox, sessionId, databaseNowMs, logger } = this.#options;
    for (const row of await outbox.readInflight(sessionId)) {
      const verdict = judgeFound(row, databaseNowMs());
      if (verdict.do === "repeat") this.#repeat(row);
      else this.conclude(row, verdict);
    }
    if (this.repeats.length > 0)
      logger.info({ messages: this.repeats.length }, "messages without an answer are repeated under their ids");
  }

  /** A person decided: takes up what is to be sent again, and lets go of what waited and was resolved. */
  async readAgain(close: (waMessageId: string) => void): Promise<void> {
    const { outbox, sessionId, flights, busyIds } = this.#options;
    const busy = busyIds();
    const found = await outbox.readInflight(sessionId);
    for (const id of busyIds()) busy.add(id);
    for (const { row, waiting } of flights.all()) {
      if (!waiting) continue;
      const now = found.find(({ id }) => id === row.id);
      if (now?.status_reason === "resend_asked") busy.delete(row.id);
      if (now === undefined || now.status_reason === "resend_asked") close(row.wa_message_id);
    }
    for (const row of found) if (row.status_reason === "resend_asked" && !busy.has(row.id)) this.#repeat(row);
  }

  /** Tells the row what becomes of it; one to be repeated says `unknown` until it is. */
  conclude(row: OutboundRow, verdict: UnansweredVerdict): void {
    const { metrics, outcomes } = this.#options;
    switch (verdict.do) {
      case "rest":
        metrics.unknown(verdict.resolution);
        return void outcomes.mark({ id: row.id, status: "unknown", reason: verdict.resolution });
      case "fail":
        metrics.unknown(verdict.failure.code);
        return void outcomes.fail(row.id, verdict.failure);
      case "repeat":
        metrics.unknown("resend");
        return void outcomes.mark({ id: row.id, status: "unknown", reason: row.status_reason });
    }
  }

  /** A receipt proves that the message arrived: no repeat. */
  proven(waMessageId: string): void {
    const before = this.repeats.length;
    this.repeats = this.repeats.filter((row) => row.wa_message_id !== waMessageId);
    if (this.repeats.length < before) this.#options.metrics.unknown("proven");
  }

  #repeat(row: OutboundRow): void {
    this.#options.metrics.unknown("resend");
    this.repeats.push(row);
  }
}
