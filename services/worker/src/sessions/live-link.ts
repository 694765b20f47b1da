import { assertNever } from "@flotilla/shared/domain/assert-never";
import { monotonicMs, sleep } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { pacingProfiles } from "../domain/pacing.ts";
import {
  type CloseCause,
  LeaseLost,
  type LinkObservation,
  type LinkTrouble,
  type OpenLink,
  type SecretStore,
  type WhatsAppLink,
} from "../ports.ts";
import { storeInbound } from "../socket-events/on-message.ts";
import { storeReceipts } from "../socket-events/on-receipt.ts";
import type { Commit, LaneView, MessageOutbox, SessionRow, SessionScope } from "../store-ports.ts";
import type { Pairing } from "./pairing.ts";
import type { CarefulMode } from "./careful-mode.ts";
import { createPump, type Pump, type PumpOptions } from "./pump.ts";
import type { Slots } from "./slots.ts";
import type { StatusKeeper } from "./status-keeper.ts";

export interface LinkDeps {
  openLink: OpenLink;
  commit: Commit;
  secrets: (scope: SessionScope) => SecretStore;
  outbox: MessageOutbox;
  /** Encodings of this process at a time. */
  encodings: Slots;
  databaseNowMs: () => number;
  /** A pump has begun: its lanes are to be found. */
  wantSweep: () => void;
  metrics: PumpOptions["metrics"] & { dialled(): void; bufferFlushed(): void };
  random?: () => number;
  times?: LinkTimes;
  /** Monotonic time by which the delays of the reconnect policy are counted; tests move it. */
  nowMs?: () => number;
}

export interface LiveLinkOptions {
  deps: LinkDeps;
  scope: SessionScope;
  careful: CarefulMode;
  holds: () => boolean;
  status: StatusKeeper;
  pairing: Pairing;
  /** The last owner died, perhaps of a message. */
  unclean: boolean;
  logger: Logger;
  /** The link ended by itself; `openMs` is for how long it was logged in, 0 for never. `error` is set when it could not be opened. */
  onClosed: (cause: CloseCause, openMs: number, error: unknown) => void;
  onPaired: () => void;
  onLoggedIn: () => void;
}

export type LinkPhase = "idle" | "dialling" | "pairing" | "open";

/** How long a phase may last, in milliseconds on the monotonic clock. */
export interface LinkTimes {
  /** From dial to login or code. The link watches this itself; here it also ends an opener that hangs before there is a link. */
  loginMs: number;
  /** After the login, until messages on the wire are repeated although the offline queue has not ended. */
  catchUpMs: number;
  /** After the login, until the session counts as connected although the end of the offline queue was never announced. */
  syncMs: number;
}

const defaultTimes: LinkTimes = { loginMs: 35_000, catchUpMs: 5_000, syncMs: 60_000 };
const troubleMs = 1_000;

/**
 * The one link of a session, from dial to close, and the pump that lives on it.
 *
 * | phase    | meaning                               | entered by         | left by                   |
 * |----------|---------------------------------------|--------------------|---------------------------|
 * | idle     | no link                               | start, close, end  | dial                      |
 * | dialling | link asked for, no login, no code yet | dial               | code, login, close, 35 s  |
 * | pairing  | a code is shown                       | code               | login, close              |
 * | open     | logged in; the pump runs soon after   | login              | close                     |
 */
export function createLiveLink(options: LiveLinkOptions) {
  const { deps, scope, holds, status, pairing, logger } = options;
  const { commit, times = defaultTimes, nowMs = monotonicMs } = deps;
  let phase: LinkPhase = "idle";
  let phaseSince = monotonicMs();
  let openSince = 0;
  let link: WhatsAppLink | null = null;
  let pump: Pump | null = null;
  /** Grows with each dial and end: what an older link says of itself means nothing. */
  let linkNo = 0;
  let row: SessionRow | null = null;
  let caughtUp = false;
  /** What is received may be what the last link or its owner died of: see `LinkOptions.careful`. */
  let distrusts = options.unclean;
  let releaseDial: () => void = () => {};

  function enter(next: LinkPhase): void {
    phase = next;
    phaseSince = monotonicMs();
    if (next !== "dialling") releaseDial();
  }

  function observe(seen: LinkObservation): void {
    switch (seen.kind) {
      case "qr":
        enter("pairing");
        return tell(pairing.offer(seen));
      case "paired":
        pairing.end();
        options.onPaired();
        return tell(status.observe({ kind: "dialling", again: false }));
      case "logged_in":
        return loggedIn(seen);
      case "caught_up":
        caughtUp = true;
        distrusts = false;
        startPump();
        return tell(status.observe({ kind: "caught_up" }));
      case "closed":
        return closed(seen.cause);
      case "ack":
        return pump?.acked(seen.waMessageId, seen.error);
      case "inbound":
        return tell(storeInbound(commit, scope, seen.message));
      case "receipt":
        pump?.proven(seen.waMessageIds);
        return tell(storeReceipts(commit, scope, seen));
      case "same_person":
        return tell(commit(scope, { aliases: [{ pn: seen.pn, lid: seen.lid }] }));
      default:
        return assertNever(seen);
    }
  }

  /** Lets a write go on by itself: the writer repeats it until it is durable, or the lease is gone and we are fenced. */
  function tell(write: Promise<void>): void {
    write.catch((error: unknown) => {
      if (!(error instanceof LeaseLost)) logger.error({ error }, "something that a link told us was not written");
    });
  }

  function loggedIn({ identity }: Extract<LinkObservation, { kind: "logged_in" }>): void {
    enter("open");
    openSince = nowMs();
    const mine = linkNo;
    // Queued receipts often prove that a first copy arrived, so repeats wait for them, but not for ever.
    setTimeout(() => mine === linkNo && startPump(), times.catchUpMs).unref();
    options.onLoggedIn();
    tell(status.observe({ kind: "logged_in" }, identity));
  }

  function closed(cause: CloseCause, error: unknown = null): void {
    const openMs = phase === "open" ? nowMs() - openSince : 0;
    if (cause.kind === "terminated_by_us" && diedOfContent.has(cause.reason)) distrusts = true;
    linkNo++;
    link = null;
    enter("idle");
    pairing.end();
    options.onClosed(cause, openMs, error);
  }

  function startPump(): void {
    if (pump !== null || link === null || row === null || phase !== "open" || row.unlink) return;
    pump = createPump({
      scope,
      link,
      commit,
      outbox: deps.outbox,
      careful: options.careful,
      slots: deps.encodings,
      profile: pacingProfiles[row.network],
      tatMs: row.pace_tat_ms ?? 0,
      databaseNowMs: deps.databaseNowMs,
      mayAct: holds,
      recycle: (reason) => link?.terminate(reason),
      ...(deps.random === undefined ? {} : { random: deps.random }),
      logger,
      metrics: deps.metrics,
    });
    void beginPump(pump);
  }

  function checkHealth(trouble: LinkTrouble | null): void {
    if (trouble !== null && status.current === "connected")
      tell(status.observe({ kind: "check_missed", reason: trouble }));
    else if (trouble === null && status.current === "degraded") tell(status.observe({ kind: "check_answered" }));
  }

  async function beginPump(mine: Pump): Promise<void> {
    const isCurrent = () => pump === mine;
    while (isCurrent()) {
      try {
        await mine.start();
        return deps.wantSweep();
      } catch (error) {
        logger.warn({ error }, "what is on the wire could not be read; trying again in a second");
        await sleep(troubleMs);
      }
    }
  }

  /** Stops the pump; resolves when the sends under way have ended. */
  async function stopPump(): Promise<void> {
    const stopping = pump;
    pump = null;
    await stopping?.stop();
  }

  async function open(dialled: SessionRow, mine: number): Promise<void> {
    try {
      const opened = await deps.openLink({
        sessionId: scope.sessionId,
        tenantId: scope.tenantId,
        credentials: dialled.auth_state,
        secrets: deps.secrets(scope),
        findSent: (waMessageId) => deps.outbox.findSent(scope.sessionId, waMessageId),
        mayAct: () => mine === linkNo && holds(),
        careful: distrusts,
        onBufferStuck: () => deps.metrics.bufferFlushed(),
        // What people wrote and read stays true, whichever link tells it.
        observe: (seen) => (mine === linkNo || isFact(seen) ? observe(seen) : undefined),
      });
      if (mine !== linkNo) return opened.terminate("superseded");
      link = opened;
      // It may have caught up before the opener had returned.
      if (caughtUp) startPump();
    } catch (error) {
      if (mine !== linkNo) return;
      logger.warn({ error }, `session ${dialled.name} could not be dialled`);
      closed({ kind: "unclear", code: 0, detail: "the link could not be opened" }, error);
    }
  }

  return {
    phase: () => phase,
    /** Opens a link for the row as it stands; not awaited, the outcome is observed. `release` gives the dial's slot back. */
    dial(fresh: SessionRow, release: () => void): void {
      row = fresh;
      releaseDial = release;
      caughtUp = false;
      enter("dialling");
      deps.metrics.dialled();
      void open(fresh, ++linkNo);
    },
    stopPump,
    /** Claims nothing more and waits for the acks of what is on the wire, at most `ms`. */
    drain: async (ms: number) => await pump?.drain(ms),
    /** Ends in order, without log-out. */
    async end(): Promise<void> {
      const ending = link;
      linkNo++;
      link = null;
      enter("idle");
      pairing.end();
      await Promise.all([
        stopPump(),
        ending?.end().catch((error: unknown) => logger.debug({ error }, "a link did not end in order")),
      ]);
    },
    /** Unlinks the device at WhatsApp; false when there is no open link to say it on. */
    async logout(): Promise<boolean> {
      if (phase !== "open" || link === null) return false;
      await link.logout().catch((error: unknown) => logger.warn({ error }, "WhatsApp did not confirm the log-out"));
      return true;
    },
    /** Drops everything at once, before this returns. */
    fence(): void {
      linkNo++;
      void stopPump();
      link?.terminate("lease_lost");
      releaseDial();
    },
    wake: (lane: number) => pump?.wake(lane),
    /** A person may have said what becomes of a message without an answer. */
    lookAtWire: () => pump?.lookAtWire(),
    see: (view: LaneView & { first_seq: number | null }) => pump?.see(view) ?? false,
    /** Looks for a link that hangs; called once a second. */
    check(): void {
      const forMs = monotonicMs() - phaseSince;
      if (phase === "dialling" && forMs > times.loginMs) {
        link?.terminate("no_login");
        closed({ kind: "terminated_by_us", reason: "no_login" });
      } else if (phase === "open" && !caughtUp && forMs > times.syncMs) observe({ kind: "caught_up" });
      else if (phase === "open" && link !== null) checkHealth(link.trouble());
    },
  };
}

/** Ends that something received may have brought about. */
const diedOfContent = new Set<string>(["unreadable_frame", "observer_failed"]);

/** Observations about people and messages rather than about the link. */
const isFact = ({ kind }: LinkObservation) => kind === "inbound" || kind === "receipt" || kind === "same_person";
