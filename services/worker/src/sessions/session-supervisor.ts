import { isResting } from "@flotilla/shared/domain/session-state";
import { sleep } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { OwnedShard } from "../domain/shard-changes.ts";
import type { Lease, SessionRow, SessionStore, SweepAnswer, UnreadableSession } from "../store-ports.ts";
import type { ShardConsumers } from "./shard-consumer.ts";
import type { ShardEvents } from "./shard-keeper.ts";
import { type RunnerDeps, type SessionRunner, startSessionRunner } from "./session-runner.ts";

export interface SupervisorOptions {
  runner: RunnerDeps;
  sessions: SessionStore;
  consumers: () => ShardConsumers;
  held: () => Lease[];
  /** Resolves when everything that was to be written for the shard before has been written. */
  flush: (lease: Lease) => Promise<void>;
  logger: Logger;
}

/** The sessions of the shards this worker holds: found, started, told, counted, given away. */
export interface SessionSupervisor extends ShardEvents {
  /** The session's row may want something else: read it and act. Resolves when the row was read. */
  reconcile(shard: number, sessionId: string): Promise<void>;
  /** There may be rows in this lane. */
  wake(sessionId: string, lane: number): void;
  /** The database refuses what the session must store: it rests until a person restarts it. */
  setAside(sessionId: string): void;
  /** Takes a sweep's findings; returns how many were news. */
  takeSweep(answer: SweepAnswer): number;
  /** Looks for hanging links; called once a second. */
  check(): void;
  runners(): SessionRunner[];
}

const loadAgainMs = 500;

/** Starts a runner for each session that wants one, as long as its shard is held. */
export function createSessionSupervisor(options: SupervisorOptions): SessionSupervisor {
  const { sessions, logger } = options;
  const runners = new Map<string, SessionRunner>();
  const loading = new Set<number>();
  /** Sessions whose rows make no sense, told once. */
  const unreadable = new Set<string>();
  /** Shards whose last owner died, by the epoch under which we took them. */
  const unclean = new Map<number, number>();

  const leaseOf = (shard: number) => options.held().find((lease) => lease.shard === shard);
  const ofShard = (shard: number) => [...runners.values()].filter((runner) => runner.lease.shard === shard);

  /** Reads the sessions of shards until it succeeds or they are lost, and starts what is missing. */
  async function load(shards: number[]): Promise<void> {
    const fresh = shards.filter((shard) => !loading.has(shard));
    for (const shard of fresh) loading.add(shard);
    let missing = fresh;
    while (missing.length > 0) {
      try {
        const { rows, unreadable } = await sessions.loadShards(missing);
        for (const row of rows) take(row);
        for (const row of unreadable) setAsideRow(row);
        missing = [];
      } catch (error) {
        logger.warn({ error, shards: missing.length }, "sessions could not be read; trying again");
        await sleep(loadAgainMs);
        missing = missing.filter((shard) => leaseOf(shard) !== undefined);
      }
    }
    for (const shard of fresh) loading.delete(shard);
  }

  /** A row that makes no sense: its session is failed, so that a person sees it; the others of the shard run. */
  function setAsideRow({ id: sessionId, tenant_id: tenantId, shard, detail }: UnreadableSession): void {
    const lease = leaseOf(shard);
    if (lease === undefined || unreadable.has(sessionId)) return;
    unreadable.add(sessionId);
    logger.error({ sessionId, detail }, "the row of a session makes no sense; the session is set aside");
    options.runner
      .commit({ tenantId, sessionId, lease }, { session: { status: "failed", reason: "row_unreadable" } })
      .catch((error: unknown) => logger.warn({ error, sessionId }, "a session could not be set aside"));
  }

  /** Gives a row to its runner, or starts one when the row wants that. */
  function take(row: SessionRow): void {
    const lease = leaseOf(row.shard);
    if (lease === undefined) return;
    unreadable.delete(row.id);
    const known = runners.get(row.id);
    if (known !== undefined) return known.reload();
    if (row.desired !== "running" && !row.unlink && isAtRest(row.status)) return;
    const died = unclean.get(lease.shard) === lease.epoch;
    const runner = startSessionRunner(options.runner, row, lease, { unclean: died });
    runners.set(row.id, runner);
    void forget(runner);
  }

  async function forget(runner: SessionRunner): Promise<void> {
    await runner.done;
    const { sessionId, lease } = runner;
    if (runners.get(sessionId) !== runner) return;
    runners.delete(sessionId);
    // It may have been asked for again while it was ending.
    if (leaseOf(lease.shard)?.epoch === lease.epoch) await look(lease.shard, sessionId);
  }

  async function look(shard: number, sessionId: string): Promise<void> {
    const known = runners.get(sessionId);
    if (known !== undefined) return known.reload();
    try {
      const row = await sessions.load(shard, sessionId);
      if (row !== null) take(row);
    } catch (error) {
      logger.warn({ error, sessionId }, "a session could not be read; the sweep looks again");
    }
  }

  function drop(shard: number): SessionRunner[] {
    const dropped = ofShard(shard);
    for (const runner of dropped) runners.delete(runner.sessionId);
    return dropped;
  }

  function useConsumer({ shard, sessions: count }: OwnedShard): void {
    if (count > 0) options.consumers().open(shard);
    else if (ofShard(shard).length === 0)
      options
        .consumers()
        .close(shard)
        .catch((error: unknown) => logger.debug({ error, shard }, "a consumer did not close"));
  }

  return {
    claimed(shards) {
      for (const shard of shards) useConsumer(shard);
      for (const { shard, epoch, clean } of shards) if (!clean) unclean.set(shard, epoch);
      const busy = shards.filter(({ sessions: count }) => count > 0).map(({ shard }) => shard);
      if (busy.length > 0) void load(busy);
      options.runner.wantSweep();
    },
    counted(shard) {
      useConsumer(shard);
      if (shard.sessions > ofShard(shard.shard).length) void load([shard.shard]);
    },
    lost({ shard }) {
      options.consumers().closeNow(shard);
      for (const runner of drop(shard)) runner.fence();
    },
    async handOver(lease) {
      const leaving = ofShard(lease.shard);
      await Promise.all(leaving.map((runner) => runner.handOver()));
      if (leaving.length > 0) await options.flush(lease);
      await options.consumers().close(lease.shard);
      drop(lease.shard);
    },
    loads() {
      const loads: Record<string, number> = {};
      for (const { lease } of runners.values()) loads[lease.shard] = (loads[lease.shard] ?? 0) + 1;
      return loads;
    },
    opening: () => [...runners.values()].filter((runner) => runner.phase() === "dialling").length,
    links: () => [...runners.values()].filter((runner) => runner.phase() === "open").length,
    reconcile: look,
    setAside: (sessionId) => runners.get(sessionId)?.setAside("storage_refused"),
    wake: (sessionId, lane) => runners.get(sessionId)?.wake(lane),
    takeSweep({ lanes, sessions: changed }) {
      let news = 0;
      for (const lane of lanes) if (runners.get(lane.session_id)?.see(lane) === true) news++;
      const unknown = new Set(changed.filter((id) => !runners.has(id)));
      for (const id of changed) runners.get(id)?.reload();
      if (unknown.size > 0) void load(options.held().map(({ shard }) => shard));
      return news;
    },
    check() {
      for (const runner of runners.values()) runner.check();
    },
    runners: () => [...runners.values()],
  };
}

/** Nothing has to be done for a row that is not meant to run and looks so. */
const isAtRest = (status: SessionRow["status"]) => isResting(status) || status === "conflict";
