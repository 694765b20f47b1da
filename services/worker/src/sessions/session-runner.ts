import { isResting } from "@flotilla/shared/domain/session-state";
import { monotonicMs, sleep } from "@flotilla/shared/runtime/clock";
import { bindIds, type Logger } from "@flotilla/shared/runtime/logger";
import { type CloseCounts, countClose, noCloses } from "../domain/close-history.ts";
import { decideAfterClose } from "../domain/reconnect-policy.ts";
import { type CloseCause, CredentialsUnreadable, LeaseLost } from "../ports.ts";
import type { LaneView, Lease, SessionRow, SessionScope, SessionStore, ShowCode } from "../store-ports.ts";
import { createCarefulMode } from "./careful-mode.ts";
import { type ClientBreaker, createFleetHold } from "./fleet-hold.ts";
import { createLiveLink, type LinkDeps, type LinkPhase } from "./live-link.ts";
import { createPairing } from "./pairing.ts";
import type { Slots } from "./slots.ts";
import { createStatusKeeper } from "./status-keeper.ts";

export interface RunnerDeps extends LinkDeps {
  /** The network that links of this worker lead to. */
  network: SessionRow["network"];
  sessions: Pick<SessionStore, "load">;
  showCode: ShowCode;
  /** The way to a dial: a place in this process, then the fleet's turn. */
  dials: Slots;
  /** Messages that may have killed a worker, tried by this process at a time: one. */
  suspects: Slots;
  /** Whether WhatsApp takes our client at all. */
  breaker: ClientBreaker;
  holds: (lease: Lease) => boolean;
  metrics: LinkDeps["metrics"] & { closed(cause: string): void };
  logger: Logger;
}

export interface SessionRunner {
  readonly sessionId: string;
  readonly lease: Lease;
  phase(): LinkPhase;
  status(): SessionRow["status"];
  /** Milliseconds until the next dial, which may be past; null when something else has to happen first. */
  nextDialInMs(): number | null;
  /** The row may ask for something else now, or a person decided about a message of this session. */
  reload(): void;
  /** It cannot go on as it is: its link ends and it fails with this reason, until a person restarts it. */
  setAside(reason: string): void;
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

const drainMs = 5_000;
const maxUnlinkTries = 3;
const troubleMs = 1_000;

/**
 * Keeps one session as its row wants it: one loop that looks at what is wanted and what is, and acts; everything else only
 * wakes it. Wanted is one of: run, stop (credentials stay), unlink (credentials go). A session that rests is wanted
 * running but waits for a person, or for the moment when one try may be made. `unclean`: its last owner died.
 */
export function startSessionRunner(
  deps: RunnerDeps,
  firstRow: SessionRow,
  lease: Lease,
  { unclean = false } = {},
): SessionRunner {
  const { commit, random = Math.random, nowMs = monotonicMs } = deps;
  const { id: sessionId, tenant_id: tenantId, name } = firstRow;
  const scope: SessionScope = { tenantId, sessionId, lease };
  const logger = bindIds(deps.logger, { part: "session", sessionId, tenantId, shard: lease.shard });
  const status = createStatusKeeper(firstRow.status, { commit, scope, name, logger });
  const pairing = createPairing({ commit, scope, showCode: deps.showCode, status, logger, row: () => row });
  const link = createLiveLink({
    deps,
    scope,
    careful: createCarefulMode({ unclean, alone: deps.suspects }),
    holds: () => !isEnded() && deps.holds(lease),
    status,
    pairing,
    unclean,
    logger,
    onClosed(cause, openMs, error) {
      const isUnreadable = cause.kind === "terminated_by_us" && cause.reason === "credentials_unreadable";
      closed = { cause, openMs, unreadable: isUnreadable || error instanceof CredentialsUnreadable };
      // Until the cause is judged nothing may dial.
      actAt = null;
      wake();
    },
    onPaired() {
      row = { ...row, paired: true };
      logger.info(`session ${name} was scanned and is paired`);
    },
    onLoggedIn() {
      hold.accepted();
      wake();
    },
  });
  const hold = createFleetHold(deps.breaker);
  const leaving = Promise.withResolvers<null>();

  let row = firstRow;
  let reloadWanted = false;
  /** The generation that the present link, or rest, answers to. */
  let servedGeneration = firstRow.generation;
  let closed: { cause: CloseCause; openMs: number; unreadable: boolean } | null = null;
  let counts: CloseCounts = noCloses;
  let unlinkTries = 0;
  let asideFor: string | null = null;
  let resting = isResting(firstRow.status);
  /** Monotonic time of the next dial; null when something else has to happen first. */
  let actAt = firstActAt(firstRow, nowMs());
  let ended = false;
  let wake: () => void = () => {};

  function isEnded(): boolean {
    return ended;
  }

  const isDue = () => link.phase() === "idle" && actAt !== null && nowMs() >= actAt;

  async function run(): Promise<void> {
    while (!isEnded()) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      try {
        await step();
      } catch (error) {
        if (error instanceof LeaseLost || isEnded()) break;
        logger.warn({ error }, "a session could not be brought to what it should be; trying again in a second");
        await sleep(troubleMs);
        continue;
      }
      if (isEnded() || !deps.holds(lease)) break;
      const timer = new AbortController();
      const pause = actAt === null ? [] : [sleep(Math.max(1, actAt - nowMs()), timer.signal).catch(() => undefined)];
      await Promise.race([woken, ...pause]);
      timer.abort();
    }
  }

  async function step(): Promise<void> {
    if (asideFor !== null) await rest(asideFor);
    if (closed !== null) await afterClose(closed);
    if (reloadWanted) await reload();
    if (isEnded()) return;
    if (row.unlink) await unlink();
    else if (row.desired === "running") await keepRunning();
    else await stopForGood();
  }

  async function rest(reason: string): Promise<void> {
    asideFor = null;
    resting = true;
    actAt = null;
    await link.end();
    closed = null;
    await status.observe({ kind: "refused", as: "failed", reason });
  }

  async function reload(): Promise<void> {
    reloadWanted = false;
    const fresh = await deps.sessions.load(lease.shard, sessionId);
    if (fresh === null) {
      await link.end();
      ended = true;
      return;
    }
    // A person's request wrote the status itself; otherwise ours is the newer one.
    if (fresh.generation !== row.generation) status.adopt(fresh.status);
    row = { ...fresh, paired: fresh.paired || row.paired };
  }

  async function keepRunning(): Promise<void> {
    if (row.generation !== servedGeneration) {
      await link.drain(drainMs);
      await link.end();
      closed = null;
      servedGeneration = row.generation;
      counts = noCloses;
      resting = isResting(status.current);
      actAt = resting ? null : nowMs();
      hold.reset();
      pairing.restart();
    }
    if (!isDue()) return;
    if (row.network !== deps.network) {
      // Its credentials mean nothing there, and a pace meant for pretended people must never reach real ones.
      resting = true;
      actAt = null;
      return await status.observe({ kind: "refused", as: "failed", reason: "configuration" });
    }
    await dial();
  }

  async function unlink(): Promise<void> {
    const known = row.auth_state !== null || row.paired;
    if (known && !(await link.logout())) {
      if (unlinkTries < maxUnlinkTries) {
        // Also from a rest: this is the one thing for which a session is dialled that is not meant to run.
        if (link.phase() !== "idle" || (actAt !== null && nowMs() < actAt)) return;
        unlinkTries++;
        return await dial();
      }
      logger.warn("WhatsApp could not be told of the log-out: the phone goes on listing a device that is gone");
    }
    await link.end();
    await status.observe({ kind: "unlinked", reason: "requested" }, { forget: true });
    ended = true;
  }

  async function stopForGood(): Promise<void> {
    await link.drain(drainMs);
    await link.end();
    if (!isResting(status.current)) await status.observe({ kind: "stopped" });
    ended = true;
  }

  async function dial(): Promise<void> {
    const admitted = deps.dials.acquire();
    const release = await Promise.race([admitted, leaving.promise]);
    // Nobody waits for a turn to dial while he has to hand the session over.
    if (release === null) return void admitted.then((giveBack) => giveBack());
    try {
      // What a dial needs may have changed while it waited its turn, credentials first of all.
      await reload();
      const wanted = row.unlink || (row.desired === "running" && row.generation === servedGeneration);
      if (isEnded() || !wanted || !deps.holds(lease)) {
        release();
        return wake();
      }
      const refusal = row.unlink ? null : await hold.askToDial();
      if (refusal !== null) {
        release();
        resting = true;
        actAt = null;
        return await status.observe({ kind: "refused", as: "failed", reason: refusal });
      }
      if (resting && !row.unlink) await status.observe({ kind: "start_requested" });
      resting = false;
      if (row.paired) await status.observe({ kind: "dialling", again: isKnownToRun(status.current) });
    } catch (error) {
      release();
      throw error;
    }
    if (isEnded()) return release();
    actAt = null;
    closed = null;
    link.dial(row, release);
  }

  async function afterClose({ cause, openMs, unreadable }: NonNullable<typeof closed>): Promise<void> {
    closed = null;
    deps.metrics.closed(cause.kind);
    await link.stopPump();
    if (isEnded() || !deps.holds(lease)) return;
    const now = nowMs();
    counts = countClose(counts, cause, openMs, now);
    if (unreadable) {
      resting = true;
      return await status.observe({ kind: "refused", as: "failed", reason: "credentials_unreadable" });
    }
    const decision = decideAfterClose(cause, counts, random(), Date.now());
    logger.info(
      { cause, decision: decision.do, inMs: decision.do === "rest" ? decision.againInMs : decision.inMs },
      `the link of session ${name} ended (${"code" in cause ? `${cause.kind} ${cause.code}` : cause.kind})`,
    );
    if (decision.do === "rest") {
      resting = true;
      actAt = decision.againInMs === null ? null : now + decision.againInMs;
      if (decision.clientRefused !== null) await hold.refused(sessionId, decision.clientRefused);
      if (decision.forget) row = { ...row, auth_state: null, paired: false, unlink: false };
      // What a row says of its end outlives us: the next owner tries again at the same time.
      const deadline = decision.againInMs === null ? {} : { deadline_ms: Math.round(decision.againInMs) };
      await status.observe(decision.observe, { ...deadline, ...(decision.forget ? { forget: true } : {}) });
      if (decision.forget && row.desired !== "running") ended = true;
      return;
    }
    if (decision.counts) counts = { ...counts, losses: counts.losses + 1 };
    actAt = now + decision.inMs;
    if (decision.observe !== null) await status.observe(decision.observe);
  }

  const running = run();
  return {
    sessionId,
    lease,
    phase: link.phase,
    status: () => status.current,
    nextDialInMs: () => (actAt === null ? null : actAt - nowMs()),
    reload() {
      reloadWanted = true;
      link.lookAtWire();
      wake();
    },
    setAside(reason) {
      if (resting) return;
      logger.error({ reason }, `session ${name} is set aside: the database refuses what it must store`);
      asideFor = reason;
      wake();
    },
    wake: link.wake,
    see: link.see,
    check() {
      if (hold.isOver()) {
        actAt = nowMs();
        wake();
      }
      link.check();
    },
    fence() {
      ended = true;
      leaving.resolve(null);
      link.fence();
      wake();
    },
    async handOver() {
      await link.drain(drainMs);
      ended = true;
      leaving.resolve(null);
      wake();
      await link.end();
      await running;
    },
    done: running,
  };
}

/** When a session is first dialled: now; when it rests, at the end of a ban that ends by itself, or as soon as the fleet's breaker lets it. */
function firstActAt({ status, status_reason, deadline_in_ms }: SessionRow, nowMs: number): number | null {
  if (!isResting(status)) return nowMs;
  if (status === "failed" && status_reason === "client_outdated") return nowMs;
  return status === "restricted" && deadline_in_ms !== null ? nowMs + deadline_in_ms : null;
}

const isKnownToRun = (status: SessionRow["status"]) =>
  status === "connected" ||
  status === "syncing" ||
  status === "degraded" ||
  status === "reconnecting" ||
  status === "conflict";
