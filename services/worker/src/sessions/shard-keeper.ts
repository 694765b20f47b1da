import { monotonicMs, sleep } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { isOff } from "../mechanisms.ts";
import { type OwnedShard, shardChanges } from "../domain/shard-changes.ts";
import type { Lease, LeaseGuard, LeaseStore, TickAnswer } from "../store-ports.ts";
import type { Watchdog } from "./watchdog.ts";

/** What happens to the sessions of a shard when its lease comes and goes. */
export interface ShardEvents {
  /** Shards claimed in one heartbeat. */
  claimed(shards: OwnedShard[]): void;
  /** Sessions that want attention in a shard we go on holding. */
  counted(shard: OwnedShard): void;
  /** The lease is gone: drop sockets and pumps before returning. Nothing may be written under it any more. */
  lost(lease: Lease): void;
  /** Stop taking work, finish what is in hand, end sockets. The lease is released when this resolves. */
  handOver(lease: Lease): Promise<void>;
  loads(): Record<string, number>;
  /** Sessions being dialled. */
  opening(): number;
  /** Links that are logged in. */
  links(): number;
}

export interface ShardKeeperOptions {
  store: LeaseStore;
  events: ShardEvents;
  watchdog: Pick<Watchdog, "expectFenceBy">;
  /** Tells the fleet that a shard is free, so that nobody waits for his next heartbeat. */
  announce: () => void;
  leaseTtlMs: number;
  /** How much earlier than the database we call our lease over. */
  leaseMarginMs: number;
  heartbeatMs: number;
  logger: Logger;
  metrics: { ticked(seconds: number): void; fenced(shards: number): void };
}

export interface ShardKeeper extends LeaseGuard {
  start(): void;
  /** Links that the other workers of the fleet have logged in, as of the last heartbeat. */
  linksElsewhere: () => number;
  /** Workers of the fleet, this one included, as of the last heartbeat. */
  workers: () => number;
  /** Whether this worker takes shards. With false the fleet asks for all of them back, one after the other, as long as another takes them. */
  accept(shards: boolean): void;
  /** Asks for a heartbeat now; several asks within one make one. */
  beat(): void;
  held: () => Lease[];
  isDraining: () => boolean;
  /** The database's time as of the last heartbeat plus what has passed since; good to some milliseconds. */
  databaseNowMs: () => number;
  /** Rejects unless the last heartbeat succeeded within the lease. */
  check(): Promise<void>;
  /** Hands everything over and leaves the fleet; heartbeats go on until the last shard is released. */
  drain(): Promise<void>;
  /** Ends the loops without a word to anybody. */
  stop(): Promise<void>;
}

const fenceCheckMs = 100;
const tickTimeoutMs = 1_000;
const drainAtOnce = 16;
const leaveAttempts = 3;

/**
 * Holds leases of shards by a heartbeat. The deadline is monotonic, measured from before the request was sent, and
 * earlier than the database's by a margin, so that whatever the network does we stop before anybody can claim. A failed
 * heartbeat is a fault and no loss: work goes on until the deadline.
 */
export function createShardKeeper(options: ShardKeeperOptions): ShardKeeper {
  const { store, events, logger, heartbeatMs } = options;
  const held = new Map<number, Lease>();
  /** Epochs of shards that we gave back or were fenced from: older answers may still list them. */
  const given = new Map<number, number>();
  /** Of these, shards that the database may still call ours: a commit was fenced, or a release failed. */
  const disowned = new Set<number>();
  const stopping = new AbortController();
  let wanted = new Set<number>();
  let validUntil = 0;
  let clock = { databaseMs: Date.now(), atMs: monotonicMs() };
  let rejoin = false;
  let accepting = true;
  let fleet = { workers: 1, linksElsewhere: 0 };
  let draining = false;
  let drained = false;
  let fences = 0;
  let handingOver: Promise<void> | null = null;
  let wake: () => void = () => {};
  let beating: Promise<void> = Promise.resolve();
  let watching: Promise<void> = Promise.resolve();

  const alive = () => monotonicMs() < validUntil || isOff("fence");
  const holds = (lease: Lease) => alive() && held.get(lease.shard)?.epoch === lease.epoch;

  function drop(lease: Lease): void {
    held.delete(lease.shard);
    given.set(lease.shard, lease.epoch);
    events.lost(lease);
    watch();
  }

  function fenceAll(reason: string): void {
    fences++;
    rejoin = true;
    options.metrics.fenced(held.size);
    logger.error({ shards: held.size }, `every shard is dropped at once: ${reason}`);
    for (const lease of held.values()) drop(lease);
  }

  const watch = () => options.watchdog.expectFenceBy(held.size === 0 || isOff("fence") ? null : validUntil);

  async function tick(): Promise<void> {
    const sentAt = monotonicMs();
    const fencesBefore = fences;
    const asked = {
      draining,
      rejoin,
      accepting,
      links: events.links(),
      loads: events.loads(),
      opening: events.opening(),
    };
    const answer = await store.tick(asked, AbortSignal.any([AbortSignal.timeout(tickTimeoutMs), stopping.signal]));
    options.metrics.ticked((monotonicMs() - sentAt) / 1_000);
    // Fenced while the answer was under way: it speaks of leases we have dropped.
    if (fencesBefore !== fences) return;
    if (asked.rejoin) rejoin = false;
    validUntil = Math.max(validUntil, sentAt + options.leaseTtlMs - options.leaseMarginMs);
    clock = { databaseMs: answer.t_ms, atMs: (sentAt + monotonicMs()) / 2 };
    apply(answer);
    watch();
  }

  function apply(answer: TickAnswer): void {
    fleet = { workers: answer.workers, linksElsewhere: answer.links_elsewhere };
    const { lost, claimed, kept, stale } = shardChanges(held, answer.owned, given);
    if (!isOff("fence")) for (const lease of lost) drop(lease);
    if (lost.length > 0) logger.warn({ shards: lost.length }, `${lost.length} shards are no longer ours`);
    for (const { shard, epoch } of claimed) {
      held.set(shard, { shard, epoch });
      disowned.delete(shard);
    }
    if (claimed.length > 0) {
      const sessions = claimed.reduce((sum, shard) => sum + shard.sessions, 0);
      logger.info(
        { shards: claimed.length, sessions, held: held.size, workers: answer.workers },
        `claimed ${claimed.length} shards with ${sessions} sessions; ${held.size} held by this one of ${answer.workers} workers`,
      );
      events.claimed(claimed);
    }
    for (const shard of kept) events.counted(shard);
    // The database still calls the shard ours: give it up, so that somebody can claim it. Others that are listed late were
    // given back in order, and their release is under way.
    for (const lease of stale) if (disowned.delete(lease.shard) && !draining) void release(lease);
    wanted = new Set(draining ? [] : answer.revoke);
    if (wanted.size > 0) handingOver ??= handOverWanted().finally(() => (handingOver = null));
  }

  /** One shard at a time, always by the newest plan: moves are paced by the logins they cause. */
  async function handOverWanted(): Promise<void> {
    for (;;) {
      const lease = [...wanted].map((shard) => held.get(shard)).find((found) => found !== undefined);
      if (lease === undefined || draining) return;
      wanted.delete(lease.shard);
      await handOver(lease);
    }
  }

  async function handOver(lease: Lease): Promise<void> {
    try {
      await events.handOver(lease);
    } catch (error) {
      logger.warn({ error, shard: lease.shard }, "a shard is handed over although its work did not end in order");
    }
    if (held.get(lease.shard)?.epoch !== lease.epoch) return;
    drop(lease);
    await release(lease);
    if (!draining) logger.info({ shard: lease.shard, held: held.size }, `handed shard ${lease.shard} over`);
  }

  async function release(lease: Lease): Promise<void> {
    try {
      await store.release(lease);
      options.announce();
    } catch (error) {
      // As long as heartbeats go on nobody else could claim it: they bring it up again.
      disowned.add(lease.shard);
      logger.warn({ error, shard: lease.shard }, "a shard could not be released; the next heartbeat tries again");
    }
  }

  /** A goodbye that nobody hears costs the others what is left of our lease, so it is said more than once. */
  async function leave(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await store.leave();
      } catch (error) {
        if (attempt === leaveAttempts) throw error;
        logger.warn({ error }, "the fleet did not hear our goodbye; saying it again");
      }
    }
  }

  async function beatForEver(): Promise<void> {
    let failing = false;
    const isOver = () => stopping.signal.aborted || drained;
    while (!isOver()) {
      const next = new Promise<void>((resolve) => (wake = resolve));
      const begun = monotonicMs();
      try {
        await tick();
        if (failing) logger.info("heartbeats get through again");
        failing = false;
      } catch (error) {
        if (!failing && !stopping.signal.aborted)
          logger.warn({ error }, "a heartbeat failed; trying again until the lease runs out");
        failing = true;
      }
      const restMs = Math.max(10, heartbeatMs - (monotonicMs() - begun));
      const timer = new AbortController();
      await Promise.race([
        next,
        sleep(restMs, AbortSignal.any([timer.signal, stopping.signal])).catch(() => undefined),
      ]);
      timer.abort();
    }
  }

  async function fenceForEver(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (held.size > 0 && !alive()) fenceAll("the lease could not be renewed in time");
      await sleep(fenceCheckMs, stopping.signal).catch(() => undefined);
    }
  }

  return {
    holds,
    validUntilMs: () => validUntil,
    reportFenced(lease) {
      if (held.get(lease.shard)?.epoch !== lease.epoch) return;
      options.metrics.fenced(1);
      logger.warn({ shard: lease.shard }, `shard ${lease.shard} is dropped: another worker has it`);
      drop(lease);
      disowned.add(lease.shard);
      wake();
    },
    start() {
      beating = beatForEver();
      watching = fenceForEver();
    },
    linksElsewhere: () => fleet.linksElsewhere,
    workers: () => fleet.workers,
    accept(shards) {
      accepting = shards;
      wake();
    },
    beat: () => wake(),
    held: () => [...held.values()],
    isDraining: () => draining,
    databaseNowMs: () => clock.databaseMs + (monotonicMs() - clock.atMs),
    check: () => (alive() ? Promise.resolve() : Promise.reject(new Error("no heartbeat got through within the lease"))),
    async drain() {
      draining = true;
      wake();
      await handingOver;
      const busy = new Set(Object.keys(events.loads()).map(Number));
      const leaving = [...held.values()].filter(({ shard }) => busy.has(shard));
      while (leaving.length > 0) await Promise.all(leaving.splice(0, drainAtOnce).map(handOver));
      // Nobody waits for the others: they are free with our goodbye.
      const rest = [...held.values()];
      for (const lease of rest) drop(lease);
      logger.info(
        { shards: busy.size + rest.length },
        `handed over ${busy.size} shards with sessions and ${rest.length} without`,
      );
      drained = true;
      wake();
      // A heartbeat under way would write our row once more after we said goodbye.
      await beating;
      await leave();
      options.announce();
    },
    async stop() {
      stopping.abort();
      await Promise.all([beating, watching]);
    },
  };
}
