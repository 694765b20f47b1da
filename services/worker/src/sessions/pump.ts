import { monotonicMs, sleep } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { readAck, retryDelayMs, staleDevices } from "../domain/ack-outcome.ts";
import { pacingAfterSend, type PacingProfile, pacingWaitMs } from "../domain/pacing.ts";
import { judgeSilence } from "../domain/unknown-outcome.ts";
import {
  ClaimRefused,
  LeaseLost,
  type OutboundRow,
  SendFailed,
  UnsupportedContent,
  type WhatsAppLink,
} from "../ports.ts";
import type { Commit, LaneView, MessageOutbox, SessionScope } from "../store-ports.ts";
import { type CarefulMode, maxDeaths } from "./careful-mode.ts";
import { type Flight, Flights } from "./flights.ts";
import { LaneSet } from "./lane-set.ts";
import { createOutcomeWriter } from "./outcome-writer.ts";
import { rowToRepeat } from "./row-to-repeat.ts";
import type { Slots } from "./slots.ts";
import { Unanswered } from "./unanswered.ts";

export interface PumpOptions {
  scope: SessionScope;
  link: Pick<WhatsAppLink, "send" | "forgetDevices">;
  commit: Commit;
  outbox: Pick<MessageOutbox, "readLane" | "readInflight">;
  careful: CarefulMode;
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
  /** A person may have said what becomes of a message without an answer. */
  lookAtWire(): void;
  /** Claims no more and waits until what is on the wire has its ack, at most `ms`. */
  drain(ms: number): Promise<void>;
  /** Drops everything; resolves when the sends under way have ended. What they leave behind the next pump resolves. */
  stop(): Promise<void>;
}

/** Chats with a message on the wire at a time. */
const window = 8;
const maxSilent = 3;
/** Time for a closing link to say so, before an error of a send is taken for trouble with the message. */
const closingMs = 200;
/** The longest a timer of Node can wait. */
const maxTimerMs = 2 ** 31 - 1;

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
 * | 479 in the ack                   | queued with fresh devices; the second: failed | waits               |
 * | definite error, or bad content   | failed                                        | next                |
 * | no ack in 20 s                   | unknown, then the same id again, 3 in all     | waits               |
 * | the same, `assume_sent`, `hold`  | unknown, left to evidence or a person         | next                |
 * | three counted deaths             | failed: poisoned                              | next                |
 * | claim refused                    | as the refusal found it                       | next                |
 */
export function createPump(options: PumpOptions): Pump {
  const { scope, link, commit, outbox, profile, databaseNowMs, careful, logger, metrics } = options;
  const { ackTimeoutMs = 20_000, random = Math.random } = options;
  const flights = new Flights();
  const sending = new Set<Promise<void>>();
  let tatMs = options.tatMs;
  let silent = 0;
  let stopped = false;
  let draining = false;
  let scheduled = false;
  let timer: NodeJS.Timeout | null = null;
  let settled: () => void = () => {};

  const outcomes = createOutcomeWriter({ scope, commit, tatMs: () => tatMs, written: look, logger });
  const { sessionId } = scope;
  const unanswered = new Unanswered({ sessionId, outbox, flights, outcomes, busyIds, databaseNowMs, metrics, logger });
  const lanes = new LaneSet({
    sessionId,
    outbox,
    readLimit: Math.min(200, Math.max(10, profile.perMinute)),
    busy: busyIds,
    isOnWay: (lane, seq) => rowsOnWay().some((row) => row.lane === lane && row.seq === seq),
    saw: ({ lane, next_seq }) => careful.sawLane(lane, next_seq),
    unreadable(id) {
      logger.error({ messageId: id }, "a stored message cannot be read; it is set aside");
      const detail = "The stored message cannot be read";
      void outcomes.fail(id, { code: "internal", detail, retryable: false });
    },
    changed: look,
    databaseNowMs,
    logger,
  });

  function rowsOnWay(): OutboundRow[] {
    return [...flights.all().map(({ row }) => row), ...unanswered.repeats];
  }

  /** Messages that a read may find although they are taken, or have their outcome. */
  function busyIds(): Set<string> {
    return new Set([...rowsOnWay().map(({ id }) => id), ...outcomes.ids()]);
  }

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

  const canClaim = () => !stopped && !draining && options.mayAct() && flights.size < window && !outcomes.isBehind();

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
      if (row.deaths >= maxDeaths) {
        giveUpPoison(row);
        continue;
      }
      if (row.expires_at_ms !== null && row.expires_at_ms <= databaseNowMs() && !next.repeat) {
        void outcomes.mark({ id: row.id, status: "expired", reason: "ttl" });
        continue;
      }
      tatMs = pacingAfterSend(tatMs, databaseNowMs(), profile);
      track(send(flights.open(next.repeat ? rowToRepeat(row) : row, next.repeat)));
    }
    if (nextLookMs < Infinity) lookIn(nextLookMs);
  }

  function nextRow(): { row: OutboundRow; repeat: boolean; take: () => void } | null {
    const isBusy = (chat: string) => flights.isBusy(chat) || lanes.isHeld(chat);
    const repeat = unanswered.repeats.find((row) => !isBusy(row.chat_id));
    if (repeat !== undefined) return { row: repeat, repeat: true, take: () => unanswered.take(repeat) };
    const next = lanes.next((chat) => isBusy(chat) || unanswered.awaits(chat));
    return next === null ? null : { ...next, repeat: false };
  }

  function giveUpPoison(row: OutboundRow): void {
    logger.error({ messageId: row.id, deaths: row.deaths }, "a message is given up: it ended its worker each time");
    const detail = `Each of ${row.deaths} attempts to send it ended the process that tried; nobody tries it again`;
    void outcomes.fail(row.id, { code: "poisoned", detail, retryable: false });
  }

  function track(work: Promise<void>): void {
    sending.add(work);
    void work.finally(() => sending.delete(work));
  }

  async function send(flight: Flight): Promise<void> {
    if (!(await countIfSuspect(flight))) return;
    const release = await options.slots.acquire();
    try {
      if (stopped || !flights.isOpen(flight)) return;
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
    if (flights.isOpen(flight) && !stopped) flight.timer = setTimeout(() => noAck(flight), ackTimeoutMs);
  }

  /** Counts the attempt where that is due; resolves with whether it may go on. */
  async function countIfSuspect(flight: Flight): Promise<boolean> {
    const { row } = flight;
    const isGoing = () => !stopped && flights.isOpen(flight);
    if (!careful.isSuspect(row)) return true;
    const letGo = await careful.admit(row);
    if (!isGoing()) {
      letGo();
      return false;
    }
    flight.letGo = letGo;
    try {
      await commit(scope, { counts: [{ id: row.id }] });
    } catch (error) {
      await notWritten(flight, error);
      return false;
    }
    careful.counted(row);
    return isGoing();
  }

  async function notWritten(flight: Flight, error: unknown): Promise<void> {
    const { row } = flight;
    if (error instanceof LeaseLost) return;
    if (error instanceof ClaimRefused) return refused(flight, error.reason);
    if (error instanceof UnsupportedContent) {
      void outcomes.fail(row.id, { code: "unsupported_content", detail: error.message, retryable: false });
      return close(flight);
    }
    await sleep(closingMs);
    if (!flights.isOpen(flight)) return;
    if (flight.repeat || flight.sends > 1) {
      // An earlier copy may be out: the row stays as it is, and this link, or the next, repeats it.
      if (stopped) return;
      logger.warn({ error, messageId: row.id }, "a repeat could not be written; trying again shortly");
      unanswered.repeats.push(row);
      lanes.hold(row, databaseNowMs() + 2_000);
      return close(flight);
    }
    const delayMs = stopped ? 0 : retryDelayMs(row.attempts + 1, random());
    if (delayMs === null) {
      const detail = "The message could not be encoded or encrypted";
      void outcomes.fail(row.id, { code: "encryption_failed", detail, retryable: true });
    } else void putBack(row, delayMs, null);
    if (!stopped) logger.warn({ error, messageId: row.id, again: delayMs }, "a message could not be written");
    close(flight);
  }

  /** The rules changed between reading and claiming: nothing has left. */
  function refused(flight: Flight, reason: string): void {
    const { row } = flight;
    logger.debug({ messageId: row.id, reason }, "a claim was refused");
    if (reason === "expired") void outcomes.mark({ id: row.id, status: "expired", reason: "ttl" });
    if (reason === "lane_paused" || reason === "lane_canceled")
      lanes.pause(row.lane, reason === "lane_paused" ? "paused" : "canceled", row.seq);
    close(flight);
  }

  function noAck(flight: Flight): void {
    if (stopped || !flights.isOpen(flight)) return;
    const { row } = flight;
    const verdict = judgeSilence(row, flight.sends, databaseNowMs());
    logger.warn({ messageId: row.id, verdict }, "a message got no answer from WhatsApp in time");
    flight.letGo();
    silent++;
    if (verdict.do === "wait") {
      flight.waiting = true;
      if (verdict.waitMs !== null)
        flight.timer = setTimeout(() => noAck(flight), Math.min(maxTimerMs, Math.max(1, verdict.waitMs)));
    } else unanswered.conclude(row, verdict);
    if (silent >= maxSilent) return options.recycle("silent_sends");
    if (verdict.do === "repeat") track(send(flight));
    else if (verdict.do !== "wait") close(flight);
  }

  function close(flight: Flight): void {
    flights.close(flight);
    settled();
    look();
  }

  /** Gives a row back to its lane; its chat waits, at least until the row is queued again, or later rows would overtake. */
  async function putBack(row: OutboundRow, delayMs: number, reason: string | null): Promise<void> {
    const untilMs = databaseNowMs() + delayMs;
    lanes.hold(row, Infinity);
    await outcomes.mark({ id: row.id, status: "queued", reason, ...(delayMs > 0 ? { notBeforeMs: untilMs } : {}) });
    lanes.holdUntil(row.chat_id, untilMs);
    look();
  }

  /** WhatsApp says that devices are out of date: once more, with a fresh list. */
  async function putBackForDevices(row: OutboundRow): Promise<void> {
    lanes.hold(row, Infinity);
    await link
      .forgetDevices(row.jid)
      .catch((error: unknown) => logger.warn({ error, messageId: row.id }, "a list of devices could not be dropped"));
    await putBack(row, 0, staleDevices);
  }

  return {
    async start() {
      await unanswered.takeUp();
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
      const flight = flights.find(waMessageId);
      if (flight === undefined) {
        const writes = { receipts: [{ waMessageId, status: "sent" as const, atMs: databaseNowMs() }] };
        if (error === null) commit(scope, writes).catch(() => undefined);
        return;
      }
      silent = 0;
      metrics.acked(flight.writtenAtMs === 0 ? 0 : (monotonicMs() - flight.writtenAtMs) / 1_000, error);
      const { row } = flight;
      const outcome = readAck(error, row.status_reason === staleDevices);
      const delayMs = outcome.kind === "later" ? retryDelayMs(row.attempts + 1, random()) : null;
      if (outcome.kind === "sent") void outcomes.mark({ id: row.id, status: "sent" });
      else if (outcome.kind === "failed") void outcomes.fail(row.id, outcome.failure);
      else if (outcome.kind === "fresh_devices") void putBackForDevices(row);
      else if (delayMs === null) {
        const failure = { code: "server_rejected", detail: `WhatsApp refused five tries (${error})`, retryable: true };
        void outcomes.fail(row.id, failure);
      } else void putBack(row, delayMs, outcome.reason);
      close(flight);
    },
    proven(waMessageIds) {
      for (const id of waMessageIds) {
        const flight = flights.find(id);
        if (flight !== undefined) close(flight);
        unanswered.proven(id);
      }
      look();
    },
    lookAtWire() {
      const letGo = (waMessageId: string) => {
        const flight = flights.find(waMessageId);
        if (flight !== undefined) close(flight);
      };
      unanswered
        .readAgain(letGo)
        .then(look)
        .catch((error: unknown) => logger.warn({ error }, "what is on the wire could not be read"));
    },
    async drain(ms) {
      draining = true;
      const until = monotonicMs() + ms;
      const isBusy = () => flights.all().some(({ waiting }) => !waiting) && !stopped && monotonicMs() < until;
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
      for (const flight of flights.all()) flights.rest(flight);
      settled();
      await Promise.all(sending);
    },
  };
}

/** Bytes may have left: the message is unknown, not queued. */
const wasWritten = (error: unknown) => error instanceof SendFailed && error.wasWritten;
