import { assertNever } from "@flotilla/shared/domain/assert-never";
import { isResting } from "@flotilla/shared/domain/session-state";
import { monotonicMs, sleep } from "@flotilla/shared/runtime/clock";
import { bindIds, type Logger } from "@flotilla/shared/runtime/logger";
import { type CloseCounts, countClose, noCloses } from "../domain/close-history.ts";
import { pacingProfiles } from "../domain/pacing.ts";
import { decideAfterClose } from "../domain/reconnect-policy.ts";
import {
  type CloseCause,
  LeaseLost,
  type LinkObservation,
  type OpenLink,
  type SecretStore,
  type WhatsAppLink,
} from "../ports.ts";
import { storeInbound } from "../socket-events/on-message.ts";
import { storeReceipts } from "../socket-events/on-receipt.ts";
import type {
  Commit,
  LaneView,
  Lease,
  MessageOutbox,
  SessionRow,
  SessionScope,
  SessionStore,
  ShowCode,
} from "../store-ports.ts";
import { createPairing } from "./pairing.ts";
import { createPump, type Pump, type PumpOptions } from "./pump.ts";
import type { Slots } from "./slots.ts";
import { createStatusKeeper } from "./status-keeper.ts";

export interface RunnerDeps {
  openLink: OpenLink;
  /** The network that links of this worker lead to. */
  network: SessionRow["network"];
  commit: Commit;
  secrets: (scope: SessionScope) => SecretStore;
  sessions: Pick<SessionStore, "load">;
  outbox: MessageOutbox;
  showCode: ShowCode;
  /** Links being opened by this process at a time. */
  dials: Slots;
  /** Encodings of this process at a time. */
  encodings: Slots;
  holds: (lease: Lease) => boolean;
  databaseNowMs: () => number;
  /** A pump has begun: its lanes are to be found. */
  wantSweep: () => void;
  metrics: PumpOptions["metrics"] & { closed(cause: string): void; dialled(): void };
  logger: Logger;
  random?: () => number;
}

export type RunnerPhase = "idle" | "dialling" | "pairing" | "open";

export interface SessionRunner {
  readonly sessionId: string;
  readonly lease: Lease;
  phase(): RunnerPhase;
  status(): SessionRow["status"];
  /** The row may ask for something else now. */
  reload(): void;
  wake(lane: number): void;
  see(view: LaneView & { first_seq: number | null }): boolean;
  /** Looks for a link that hangs; called once a second. */
  check(): void;
  /** The lease is gone: everything is dropped before this returns, nothing is written any more. */
  fence(): void;
  /** Finishes what is in hand and ends the link; writes no status, the next owner does. */
  handOver(): Promise<void>;
  /** Resolves when the session wants nothing more from this worker. */
  done: Promise<void>;
}

const loginTimeoutMs = 30_000;
const catchUpMs = 5_000;
const syncTimeoutMs = 60_000;
const silentMs = 30_000;
const drainMs = 5_000;
const maxUnlinkTries = 3;
const troubleMs = 1_000;

/**
 * Keeps one session as its row wants it: one loop that looks and acts, everything else only wakes it. States of a life:
 *
 * | phase    | meaning                               | entered by          | left by                        |
 * |----------|---------------------------------------|---------------------|--------------------------------|
 * | idle     | no link; rests, waits or was stopped  | start; link closed  | time to dial                   |
 * | dialling | link asked for, no login, no code yet | dial                | code, login, close, 30 s       |
 * | pairing  | a code is shown                       | code                | login, close                   |
 * | open     | logged in; the pump runs soon after   | login               | close, silence for 30 s        |
 */
export function startSessionRunner(deps: RunnerDeps, firstRow: SessionRow, lease: Lease): SessionRunner {
  const { commit, random = Math.random } = deps;
  const scope: SessionScope = { tenantId: firstRow.tenant_id, sessionId: firstRow.id, lease };
  const logger = bindIds(deps.logger, {
    part: "session",
    sessionId: scope.sessionId,
    tenantId: scope.tenantId,
    shard: lease.shard,
  });
  const status = createStatusKeeper(firstRow.status, { commit, scope, name: firstRow.name, logger });
  const pairing = createPairing({ commit, scope, showCode: deps.showCode, status, logger, row: () => row });

  let row = firstRow;
  let reloadWanted = false;
  /** The generation that the present link, or rest, answers to. */
  let servedGeneration = firstRow.generation;
  let phase: RunnerPhase = "idle";
  let link: WhatsAppLink | null = null;
  /** Grows with each dial and end: what an older link says means nothing. */
  let linkNo = 0;
  let pump: Pump | null = null;
  let openedAt = 0;
  let phaseSince = monotonicMs();
  let caughtUp = false;
  let closed: CloseCause | null = null;
  let counts: CloseCounts = noCloses;
  let unlinkTries = 0;
  let resting = isResting(firstRow.status);
  let actAt: number | null = restartAt(firstRow);
  let releaseDial: () => void = () => {};
  let ended = false;
  let wake: () => void = () => {};

  /** When a session that rests is tried again without being asked: a ban that ends by itself. */
  function restartAt(from: SessionRow): number | null {
    if (!isResting(from.status)) return monotonicMs();
    return from.status === "restricted" && from.deadline_in_ms !== null ? monotonicMs() + from.deadline_in_ms : null;
  }

  function enter(next: RunnerPhase): void {
    phase = next;
    phaseSince = monotonicMs();
    if (next !== "dialling") releaseDial();
  }

  async function run(): Promise<void> {
    while (!ended) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      try {
        await step();
      } catch (error) {
        if (error instanceof LeaseLost || ended) break;
        logger.warn({ error }, "a session could not be brought to what it should be; trying again in a second");
        await sleep(troubleMs);
        continue;
      }
      if (ended || !deps.holds(lease)) break;
      const timer = new AbortController();
      const pause =
        actAt === null ? [] : [sleep(Math.max(1, actAt - monotonicMs()), timer.signal).catch(() => undefined)];
      await Promise.race([woken, ...pause]);
      timer.abort();
    }
    releaseDial();
  }

  async function step(): Promise<void> {
    if (closed !== null) {
      const cause = closed;
      closed = null;
      await afterClose(cause);
    }
    if (reloadWanted) await reload();
    if (ended) return;
    if (row.unlink) await unlink();
    else if (row.desired === "running") await keepRunning();
    else await stopForGood();
  }

  async function reload(): Promise<void> {
    reloadWanted = false;
    const fresh = await deps.sessions.load(lease.shard, scope.sessionId);
    if (fresh === null) {
      await endLink();
      ended = true;
      return;
    }
    // A person's request wrote the status itself; otherwise ours is the newer one.
    if (fresh.generation !== row.generation) status.adopt(fresh.status);
    row = { ...fresh, paired: fresh.paired || row.paired };
  }

  async function keepRunning(): Promise<void> {
    if (row.generation !== servedGeneration) {
      await endLink();
      servedGeneration = row.generation;
      counts = noCloses;
      resting = isResting(status.current);
      actAt = resting ? null : monotonicMs();
      pairing.restart();
    }
    if (phase !== "idle" || actAt === null || monotonicMs() < actAt) return;
    if (row.network !== deps.network) {
      // Its credentials mean nothing there, and a pace meant for pretended people must never reach real ones.
      resting = true;
      actAt = null;
      return await status.observe({ kind: "refused", as: "failed", reason: "configuration" });
    }
    if (resting) await status.observe({ kind: "start_requested" });
    resting = false;
    await dial();
  }

  async function unlink(): Promise<void> {
    const forget = async (reason: string) => {
      await endLink();
      await status.observe({ kind: "unlinked", reason }, { forget: true });
      ended = true;
    };
    if (row.auth_state === null && !row.paired) return await forget("requested");
    if (phase === "open" && link !== null) {
      await link.logout().catch((error: unknown) => logger.warn({ error }, "WhatsApp did not confirm the log-out"));
      return await forget("requested");
    }
    if (phase !== "idle" || (actAt !== null && monotonicMs() < actAt)) return;
    // WhatsApp cannot be told: the secrets go all the same, and the phone lists a device that never comes back.
    if (unlinkTries++ >= maxUnlinkTries) return await forget("requested");
    await dial();
  }

  async function stopForGood(): Promise<void> {
    await pump?.drain(drainMs);
    await endLink();
    if (!isResting(status.current)) await status.observe({ kind: "stopped" });
    ended = true;
  }

  async function dial(): Promise<void> {
    const release = await deps.dials.acquire();
    releaseDial = release;
    // What a dial needs may have changed while it waited its turn, credentials first of all.
    await reload();
    const wanted = row.unlink || (row.desired === "running" && row.generation === servedGeneration);
    if (ended || !wanted || !deps.holds(lease)) {
      release();
      return wake();
    }
    if (row.paired) await status.observe({ kind: "dialling", again: isKnownToRun(status.current) });
    const mine = ++linkNo;
    actAt = null;
    caughtUp = false;
    closed = null;
    enter("dialling");
    deps.metrics.dialled();
    // Not awaited: the loop stays free to stop, and a close may come before the link does.
    void deps
      .openLink({
        sessionId: scope.sessionId,
        tenantId: scope.tenantId,
        credentials: row.auth_state,
        secrets: deps.secrets(scope),
        findSent: (waMessageId) => deps.outbox.findSent(scope.sessionId, waMessageId),
        mayAct: () => mine === linkNo && deps.holds(lease),
        observe: (seen) => (mine === linkNo && !ended ? observe(seen) : undefined),
      })
      .then(
        (opened) => {
          if (mine !== linkNo || ended) return opened.terminate("superseded");
          link = opened;
          // Logged in before the opener had returned.
          if (phase === "open" && caughtUp) startPump();
          wake();
        },
        (error: unknown) => {
          if (mine !== linkNo || ended) return;
          logger.warn({ error }, `session ${row.name} could not be dialled`);
          const unreadable = error instanceof Error && error.name === "CredentialsUnreadable";
          observeClose(
            unreadable ? { kind: "configuration", detail: "locked" } : { kind: "unclear", code: 0, detail: "open" },
          );
        },
      );
  }

  function observe(seen: LinkObservation): void | Promise<void> {
    switch (seen.kind) {
      case "qr":
        enter("pairing");
        return tell(pairing.offer(seen));
      case "paired":
        row = { ...row, paired: true };
        pairing.end();
        logger.info(`session ${row.name} was scanned and is paired`);
        return tell(status.observe({ kind: "dialling", again: false }));
      case "logged_in":
        enter("open");
        openedAt = monotonicMs();
        setTimeout(() => startPump(), catchUpMs).unref();
        wake();
        return tell(status.observe({ kind: "logged_in" }, seen.identity));
      case "caught_up":
        caughtUp = true;
        startPump();
        return tell(status.observe({ kind: "caught_up" }));
      case "closed":
        return observeClose(seen.cause);
      case "inbound":
        return tell(storeInbound(commit, scope, seen.message));
      case "ack":
        return pump?.acked(seen.waMessageId, seen.error);
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

  function observeClose(cause: CloseCause): void {
    closed = cause;
    linkNo++;
    link = null;
    enter("idle");
    // Until the cause is judged nothing may dial.
    actAt = null;
    void pump?.stop();
    wake();
  }

  async function afterClose(cause: CloseCause): Promise<void> {
    deps.metrics.closed(cause.kind);
    await pump?.stop();
    pump = null;
    pairing.end();
    if (ended || !deps.holds(lease)) return;
    const now = monotonicMs();
    counts = countClose(counts, cause, openedAt === 0 ? 0 : now - openedAt, now);
    openedAt = 0;
    const decision = decideAfterClose(cause, counts, random(), Date.now());
    logger.info({ cause, decision: decision.do }, `the link of session ${row.name} ended (${describeCause(cause)})`);
    if (decision.do === "rest") {
      resting = true;
      actAt = decision.againInMs === null ? null : now + decision.againInMs;
      if (decision.forget) row = { ...row, auth_state: null, paired: false, unlink: false };
      await status.observe(decision.observe, decision.forget ? { forget: true } : undefined);
      if (decision.forget && row.desired !== "running") ended = true;
      return;
    }
    if (decision.counts) counts = { ...counts, losses: counts.losses + 1 };
    actAt = now + decision.inMs;
    if (decision.observe !== null) await status.observe(decision.observe);
  }

  function startPump(): void {
    if (pump !== null || link === null || phase !== "open" || ended || row.unlink) return;
    const created = createPump({
      scope,
      link,
      commit,
      outbox: deps.outbox,
      slots: deps.encodings,
      profile: pacingProfiles[row.network],
      tatMs: row.pace_tat_ms ?? 0,
      databaseNowMs: deps.databaseNowMs,
      mayAct: () => deps.holds(lease),
      recycle: (reason) => link?.terminate(reason),
      random,
      logger,
      metrics: deps.metrics,
    });
    pump = created;
    void beginPump(created);
  }

  async function beginPump(mine: Pump): Promise<void> {
    while (pump === mine && !ended) {
      try {
        await mine.start();
        return deps.wantSweep();
      } catch (error) {
        logger.warn({ error }, "what is on the wire could not be read; trying again in a second");
        await sleep(troubleMs);
      }
    }
  }

  async function endLink(): Promise<void> {
    const [oldLink, oldPump] = [link, pump];
    linkNo++;
    link = null;
    pump = null;
    openedAt = 0;
    enter("idle");
    pairing.end();
    await Promise.all([
      oldPump?.stop(),
      oldLink?.end().catch((error: unknown) => logger.debug({ error }, "a link did not end in order")),
    ]);
  }

  const running = run();
  return {
    sessionId: scope.sessionId,
    lease,
    phase: () => phase,
    status: () => status.current,
    reload() {
      reloadWanted = true;
      wake();
    },
    wake: (lane) => pump?.wake(lane),
    see: (view) => pump?.see(view) ?? false,
    check() {
      const forMs = monotonicMs() - phaseSince;
      if (phase === "dialling" && forMs > loginTimeoutMs) {
        link?.terminate("login_timeout");
        observeClose({ kind: "terminated_by_us", reason: "login_timeout" });
      } else if (phase === "open" && link !== null && link.silentForMs() > silentMs) {
        link.terminate("silent");
        if (phase === "open") observeClose({ kind: "terminated_by_us", reason: "silent" });
      } else if (phase === "open" && !caughtUp && forMs > syncTimeoutMs) {
        caughtUp = true;
        startPump();
        tell(status.observe({ kind: "caught_up" }));
      }
    },
    fence() {
      ended = true;
      linkNo++;
      void pump?.stop();
      link?.terminate("lease_lost");
      releaseDial();
      wake();
    },
    async handOver() {
      await pump?.drain(drainMs);
      ended = true;
      wake();
      await endLink();
      await running;
    },
    done: running,
  };
}

const isKnownToRun = (status: SessionRow["status"]) =>
  status === "connected" ||
  status === "syncing" ||
  status === "degraded" ||
  status === "reconnecting" ||
  status === "conflict";

function describeCause(cause: CloseCause): string {
  return "code" in cause ? `${cause.kind} ${cause.code}` : cause.kind;
}
