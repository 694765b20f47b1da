import { monotonicMs, sleep } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { readAck, retryDelayMs } from "../domain/ack-outcome.ts";
import { pacingAfterSend, type PacingProfile, pacingWaitMs } from "../domain/pacing.ts";
import { ClaimRefused, LeaseLost, type OutboundRow, SendFailed, type WhatsAppLink } from "../ports.ts";
import type { Commit, LaneView, Mark, MessageOutbox, SessionScope, SessionWrites } from "../store-ports.ts";
import { LaneSet } from "./lane-set.ts";
import { rowToRepeat } from "./row-to-repeat.ts";
import type { Slots } from "./slots.ts";

export interface PumpOptions {
  scope: SessionScope;
  link: Pick<WhatsAppLink, "send">;
  commit: Commit;
  outbox: Pick<MessageOutbox, "readLane" | "readInflight">;
  /** Encodings of the whole process at a time. */
  slots: Slots;
  profile: PacingProfile;
  /** Theoretical arrival time of the bucket as the last owner saved it. */
  tatMs: number;
  databaseNowMs: () => number;
  mayAct: () => boolean;
  /** Asked to drop the link: three sends in a row got no answer. */
  recycle: (reason: string) => void;
  ackTimeoutMs?: number;
  random?: () => number;
  logger: Logger;
  metrics: { sent(): void; acked(seconds: number, error: string | null): void; unknown(resolution: string): void };
}

export interface Pump {
  /** Takes up what is on the wire without an end, then the lanes. Rejects when it cannot be read. */
  start(): Promise<void>;
  wake(lane: number): void;
  /** Takes what a sweep saw; returns whether it was news. */
  see(view: LaneView & { first_seq: number | null }): boolean;
  acked(waMessageId: string, error: string | null): void;
  /** Receipts prove that these arrived. */
  proven(waMessageIds: string[]): void;
  /** Claims no more and waits until what is on the wire has its ack, at most `ms`. */
  drain(ms: number): Promise<void>;
  /** Drops everything; resolves when the sends under way have ended. What they leave behind the next pump resolves. */
  stop(): Promise<void>;
}

interface Flight {
  row: OutboundRow;
  /** Whether an earlier copy may be out already. */
  repeat: boolean;
  sends: number;
  writtenAtMs: number;
  timer: NodeJS.Timeout | null;
}

/** Chats with a message on the wire at a time. */
const window = 8;
const maxUnflushed = 200;
const maxUnflushedMs = 2_000;
const maxSilent = 3;
const maxSends = 3;
/** How old the saved pacing time may be: a crash grants at most this much of a second burst. */
const saveTatEveryMs = 1_000;
/** Time for a closing link to say so, before an error of a send is taken for trouble with the message. */
const closingMs = 200;

/**
 * Sends what waits for one session: lanes in turn, in order, paced, one message of a chat at a time. The next message of
 * a chat leaves after the server's ack of the one before. It lives as long as one link; every outcome is decided here
 * and nowhere else, so nothing is retried twice.
 *
 * | outcome                          | row                                           | chat                |
 * |----------------------------------|-----------------------------------------------|---------------------|
 * | ack                              | sent                                          | next                |
 * | provably not written             | queued; after five tries failed               | waits 2 s, doubling |
 * | passing error in the ack         | queued; after five tries failed               | waits 2 s, doubling |
 * | definite error in the ack        | failed                                        | next                |
 * | no ack in 20 s                   | unknown, then the same id again, 3 in all     | waits               |
 * | the same, `assume_sent`, `hold`  | unknown, left to evidence or a person         | next                |
 * | claim refused                    | as the refusal found it                       | next                |
 */
export function createPump(options: PumpOptions): Pump {
  const { scope, link, commit, outbox, profile, databaseNowMs, logger, metrics } = options;
  const { ackTimeoutMs = 20_000, random = Math.random } = options;
  const flights = new Map<string, Flight>();
  const byWaId = new Map<string, Flight>();
  const sending = new Set<Promise<void>>();
  const unflushed = new Set<{ atMs: number }>();
  let repeats: OutboundRow[] = [];
  let tatMs = options.tatMs;
  let tatSavedAt = 0;
  let silent = 0;
  let stopped = false;
  let draining = false;
  let scheduled = false;
  let timer: NodeJS.Timeout | null = null;
  let settled: () => void = () => {};

  const lanes = new LaneSet({
    sessionId: scope.sessionId,
    outbox,
    readLimit: Math.min(200, Math.max(10, profile.perMinute)),
    isKnown: (row) => byWaId.has(row.wa_message_id) || repeats.some(({ id }) => id === row.id),
    changed: look,
    databaseNowMs,
    logger,
  });

  /** Looks at everything soon; however often it is asked, once. */
  function look(): void {
    if (scheduled || stopped) return;
    scheduled = true;
    queueMicrotask(turn);
  }

  function lookIn(ms: number): void {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(look, Math.max(1, ms));
  }

  function canClaim(): boolean {
    if (stopped || draining || !options.mayAct() || flights.size >= window) return false;
    const oldest = unflushed.values().next().value;
    return unflushed.size <= maxUnflushed && (oldest === undefined || monotonicMs() - oldest.atMs <= maxUnflushedMs);
  }

  function turn(): void {
    scheduled = false;
    if (stopped) return;
    const holdMs = lanes.endHolds();
    let nextLookMs = holdMs ?? Infinity;
    while (canClaim()) {
      const next = nextRow();
      if (next === null) break;
      const waitMs = pacingWaitMs(tatMs, databaseNowMs(), profile);
      if (waitMs > 0) {
        nextLookMs = Math.min(nextLookMs, waitMs);
        break;
      }
      next.take();
      const { row } = next;
      if (row.expires_at_ms !== null && row.expires_at_ms <= databaseNowMs() && !next.repeat) {
        void mark({ id: row.id, status: "expired", reason: "ttl" });
        continue;
      }
      tatMs = pacingAfterSend(tatMs, databaseNowMs(), profile);
      launch(row, next.repeat);
    }
    if (nextLookMs < Infinity) lookIn(nextLookMs);
  }

  function nextRow(): { row: OutboundRow; repeat: boolean; take: () => void } | null {
    const isBusy = (chat: string) => flights.has(chat) || lanes.isHeld(chat);
    const repeat = repeats.find((row) => !isBusy(row.chat_id));
    if (repeat !== undefined)
      return { row: repeat, repeat: true, take: () => (repeats = repeats.filter((row) => row !== repeat)) };
    const next = lanes.next((chat) => isBusy(chat) || repeats.some((row) => row.chat_id === chat));
    return next === null ? null : { ...next, repeat: false };
  }

  function launch(next: OutboundRow, repeat: boolean): void {
    const row = repeat ? rowToRepeat(next) : next;
    const flight: Flight = { row, repeat, sends: 0, writtenAtMs: 0, timer: null };
    flights.set(row.chat_id, flight);
    byWaId.set(row.wa_message_id, flight);
    track(send(flight));
  }

  function track(work: Promise<void>): void {
    sending.add(work);
    void work.finally(() => sending.delete(work));
  }

  const isOpen = (flight: Flight) => flights.get(flight.row.chat_id) === flight;

  async function send(flight: Flight): Promise<void> {
    const release = await options.slots.acquire();
    try {
      if (stopped) return;
      flight.sends++;
      await link.send(flight.row, { id: flight.row.id, resend: flight.repeat || flight.sends > 1 });
    } catch (error) {
      if (!wasWritten(error)) return await notWritten(flight, error);
    } finally {
      release();
    }
    metrics.sent();
    flight.writtenAtMs = monotonicMs();
    // The ack may have come while the library was still tidying up.
    if (isOpen(flight) && !stopped) flight.timer = setTimeout(() => noAck(flight), ackTimeoutMs);
  }

  async function notWritten(flight: Flight, error: unknown): Promise<void> {
    const { row } = flight;
    if (error instanceof LeaseLost) return;
    if (error instanceof ClaimRefused) return refused(flight, error.reason);
    await sleep(closingMs);
    if (!isOpen(flight)) return;
    if (flight.repeat || flight.sends > 1) {
      // An earlier copy may be out: the row stays as it is, and this link, or the next, repeats it.
      if (stopped) return;
      logger.warn({ error, messageId: row.id }, "a repeat could not be written; trying again shortly");
      close(flight);
      repeats.push(row);
      lanes.hold(row, databaseNowMs() + 2_000);
      return look();
    }
    const delayMs = stopped ? 0 : retryDelayMs(row.attempts + 1, random());
    if (delayMs === null) {
      const failure = {
        code: "encryption_failed",
        detail: "The message could not be encoded or encrypted",
        retryable: true,
      };
      void mark({ id: row.id, status: "failed", reason: "encryption_failed", failure });
    } else void putBack(row, delayMs, null);
    if (!stopped) logger.warn({ error, messageId: row.id, again: delayMs }, "a message could not be written");
    close(flight);
    look();
  }

  /** The rules changed between reading and claiming: nothing has left. */
  function refused(flight: Flight, reason: string): void {
    const { row } = flight;
    logger.debug({ messageId: row.id, reason }, "a claim was refused");
    if (reason === "expired") void mark({ id: row.id, status: "expired", reason: "ttl" });
    if (reason === "lane_paused" || reason === "lane_canceled")
      lanes.pause(row.lane, reason === "lane_paused" ? "paused" : "canceled", row.seq);
    close(flight);
    look();
  }

  function noAck(flight: Flight): void {
    if (stopped || !isOpen(flight)) return;
    const { row } = flight;
    const again = row.on_unknown === "resend_same_id";
    const resolution = again ? "resend" : row.on_unknown === "assume_sent" ? "assumed_sent" : "awaiting_person";
    logger.warn({ messageId: row.id, resolution }, "a message got no answer from WhatsApp in time");
    metrics.unknown(resolution);
    void mark({ id: row.id, status: "unknown", reason: again ? null : resolution });
    silent++;
    if (silent >= maxSilent) return options.recycle("silent_sends");
    if (!again) {
      close(flight);
      return look();
    }
    if (flight.sends < maxSends) track(send(flight));
  }

  function close(flight: Flight): void {
    if (flight.timer !== null) clearTimeout(flight.timer);
    if (flights.get(flight.row.chat_id) === flight) flights.delete(flight.row.chat_id);
    if (byWaId.get(flight.row.wa_message_id) === flight) byWaId.delete(flight.row.wa_message_id);
    settled();
  }

  /** Gives a row back to its lane; its chat waits, at least until the row is queued again, or later rows would overtake. */
  async function putBack(row: OutboundRow, delayMs: number, reason: string | null): Promise<void> {
    const untilMs = databaseNowMs() + delayMs;
    lanes.hold(row, Infinity);
    await mark({ id: row.id, status: "queued", reason, ...(delayMs > 0 ? { notBeforeMs: untilMs } : {}) });
    lanes.holdUntil(row.chat_id, untilMs);
    look();
  }

  /** Writes an outcome; resolves when that has ended one way or the other. */
  async function mark(change: Mark): Promise<void> {
    const waiting = { atMs: monotonicMs() };
    const writes: SessionWrites = { marks: [change] };
    if (monotonicMs() - tatSavedAt > saveTatEveryMs) {
      tatSavedAt = monotonicMs();
      writes.session = { pace_tat_ms: Math.round(tatMs) };
    }
    unflushed.add(waiting);
    try {
      await commit(scope, writes);
    } catch (error) {
      // Fenced or refused: the writer has said so, and the row is resolved by whoever starts the next pump.
      logger.debug({ error, messageId: change.id }, "an outcome was not written");
    }
    unflushed.delete(waiting);
    look();
  }

  return {
    async start() {
      for (const row of await outbox.readInflight(scope.sessionId)) {
        const over = row.expires_at_ms !== null && row.expires_at_ms <= databaseNowMs();
        if (row.on_unknown === "assume_sent" || row.on_unknown === "hold") {
          const reason = row.on_unknown === "hold" ? "awaiting_person" : "assumed_sent";
          metrics.unknown(reason);
          void mark({ id: row.id, status: "unknown", reason });
        } else if (over) {
          metrics.unknown("no_ack");
          const failure = { code: "no_ack", detail: "WhatsApp never confirmed the message", retryable: false };
          void mark({ id: row.id, status: "failed", reason: "no_ack", failure });
        } else {
          metrics.unknown("resend");
          repeats.push(row);
        }
      }
      if (repeats.length > 0)
        logger.info({ messages: repeats.length }, "messages without an answer are repeated under their ids");
      lanes.want(0);
      look();
    },
    wake(lane) {
      lanes.want(lane);
      look();
    },
    see(view) {
      const news = lanes.see(view);
      look();
      return news;
    },
    acked(waMessageId, error) {
      const flight = byWaId.get(waMessageId);
      if (flight === undefined) {
        const writes = { receipts: [{ waMessageId, status: "sent" as const, atMs: databaseNowMs() }] };
        if (error === null) commit(scope, writes).catch(() => undefined);
        return;
      }
      silent = 0;
      metrics.acked(flight.writtenAtMs === 0 ? 0 : (monotonicMs() - flight.writtenAtMs) / 1_000, error);
      const { row } = flight;
      const outcome = readAck(error);
      const delayMs = outcome.kind === "later" ? retryDelayMs(row.attempts + 1, random()) : null;
      if (outcome.kind === "sent") void mark({ id: row.id, status: "sent" });
      else if (outcome.kind === "failed")
        void mark({ id: row.id, status: "failed", reason: outcome.failure.code, failure: outcome.failure });
      else if (delayMs === null) {
        const failure = { code: "server_rejected", detail: `WhatsApp refused five tries (${error})`, retryable: true };
        void mark({ id: row.id, status: "failed", reason: "server_rejected", failure });
      } else {
        void putBack(row, delayMs, outcome.reason);
      }
      close(flight);
      look();
    },
    proven(waMessageIds) {
      for (const id of waMessageIds) {
        const flight = byWaId.get(id);
        if (flight !== undefined) close(flight);
        repeats = repeats.filter((row) => row.wa_message_id !== id);
      }
      look();
    },
    async drain(ms) {
      draining = true;
      const until = monotonicMs() + ms;
      const isBusy = () => flights.size > 0 && !stopped && monotonicMs() < until;
      while (isBusy()) {
        const { promise, resolve } = Promise.withResolvers<void>();
        settled = resolve;
        await Promise.race([promise, sleep(Math.max(1, until - monotonicMs()))]);
      }
    },
    async stop() {
      stopped = true;
      lanes.stop();
      if (timer !== null) clearTimeout(timer);
      for (const flight of flights.values()) if (flight.timer !== null) clearTimeout(flight.timer);
      settled();
      await Promise.all(sending);
    },
  };
}

/** Bytes may have left: the message is unknown, not queued. */
const wasWritten = (error: unknown) => error instanceof SendFailed && error.wasWritten;
