import { ringBell } from "@flotilla/shared/runtime/event-log";
import { createConsumer } from "@flotilla/shared/runtime/job-consumer";
import { bindIds, type Logger } from "@flotilla/shared/runtime/logger";
import { createOps } from "@flotilla/shared/runtime/ops";
import { openOpsServer } from "@flotilla/shared/runtime/ops-server";
import type { ShutdownPhase } from "@flotilla/shared/runtime/run-service";
import { watchVitals } from "./adapters/process-vitals.ts";
import { createClientBreaker } from "./adapters/redis/client-breaker.ts";
import { createDialTurns } from "./adapters/redis/dial-turns.ts";
import { listenToFleet, ringFleet } from "./adapters/redis/fleet-bell.ts";
import { createShowCode } from "./adapters/redis/show-code.ts";
import { createGroupCommit } from "./adapters/supabase/group-commit.ts";
import { createLeaseStore } from "./adapters/supabase/lease-store.ts";
import { createMessageOutbox, createSweep } from "./adapters/supabase/message-outbox.ts";
import { createSecretStores } from "./adapters/supabase/secret-store.ts";
import { createSessionStore } from "./adapters/supabase/session-store.ts";
import type { Config } from "./config.ts";
import type { Dependencies } from "./dependencies.ts";
import { minuteOfPace, pacingProfiles } from "./domain/pacing.ts";
import { shardHandlers } from "./jobs/handlers.ts";
import { createStepCall, stepCampaign } from "./jobs/step-campaign.ts";
import { createPassCall, runUpkeep, upkeepEveryMs } from "./jobs/upkeep.ts";
import { isOff } from "./mechanisms.ts";
import { createMetrics } from "./metrics.ts";
import type { OpenLink } from "./ports.ts";
import { createDialGate } from "./sessions/dial-gate.ts";
import { watchProcess } from "./sessions/process-watch.ts";
import { watchReach } from "./sessions/reach-watch.ts";
import { createSessionSupervisor, type SessionSupervisor } from "./sessions/session-supervisor.ts";
import { createShardConsumers } from "./sessions/shard-consumer.ts";
import { createShardKeeper, type ShardKeeper } from "./sessions/shard-keeper.ts";
import type { RunnerDeps } from "./sessions/session-runner.ts";
import { createSlots } from "./sessions/slots.ts";
import { createSweeper } from "./sessions/sweeper.ts";
import { startWatchdog } from "./sessions/watchdog.ts";

export interface WorkerOptions {
  config: Config;
  version: string;
  dependencies: Dependencies;
  openLink: OpenLink;
  /** Version of the WhatsApp client, which the fleet's breaker goes by. */
  clientVersion: string;
  logger: Logger;
  /** Asks for an orderly end of the process, as `runService` gives it. */
  fail: (reason: string) => void;
  /** What tests set: the clock of the runners' delays, the chance in them, how long a link's phases may last. */
  runner?: Pick<RunnerDeps, "nowMs" | "random" | "times">;
}

/** Links being opened and messages being encoded by one process at a time: each costs tens of milliseconds of one core. */
const dialsAtOnce = 10;
const encodingsAtOnce = 32;
const checkEveryMs = 1_000;

/** Builds the worker from its parts and starts it. Resolves when it listens; shards are claimed a moment later. */
export async function startWorker(options: WorkerOptions) {
  const { config, version, dependencies, openLink, logger: root } = options;
  const { clients, redis, subscriber, producer } = dependencies;
  const { lease: times, worker } = config;
  const logger = bindIds(root, { instance: worker });

  // The parts know each other in a circle: sessions write through the commit, which asks the keeper, which tells the sessions.
  const keeper: ShardKeeper = createShardKeeper({
    store: createLeaseStore(clients.ticks, {
      worker,
      host: config.hostname,
      version,
      opsPort: config.port,
      capacity: config.capacity,
      leaseTtlMs: times.ttlMs,
      settleMs: times.settleMs,
      vitals: watchVitals(),
    }),
    events: {
      claimed: (shards) => supervisor.claimed(shards),
      counted: (shard) => supervisor.counted(shard),
      lost: (lease) => supervisor.lost(lease),
      handOver: (lease) => supervisor.handOver(lease),
      loads: () => supervisor.loads(),
      opening: () => supervisor.opening(),
      links: () => supervisor.links(),
    },
    watchdog: { expectFenceBy: (deadlineMs) => watchdog.expectFenceBy(deadlineMs) },
    announce: () => ringFleet(redis),
    leaseTtlMs: times.ttlMs,
    leaseMarginMs: times.marginMs,
    heartbeatMs: times.heartbeatMs,
    logger: bindIds(logger, { part: "keeper" }),
    metrics: { ticked: (seconds) => metrics.keeper.ticked(seconds), fenced: (shards) => metrics.keeper.fenced(shards) },
  });
  const metrics = createMetrics({
    runners: () => supervisor.runners(),
    shards: () => keeper.held().length,
    consumers: () => consumers.count(),
  });
  const ring = (tenant: string, head: number) => void ringBell(redis, tenant, head);
  const { commit } = createGroupCommit({
    client: clients.commits,
    worker,
    guard: keeper,
    ring,
    refused: ({ sessionId }) => supervisor.setAside(sessionId),
    logger: bindIds(logger, { part: "commit" }),
    metrics: metrics.commits,
  });
  const sessions = createSessionStore(clients.reads);
  const sweeper = createSweeper({
    sweep: createSweep(clients.reads),
    held: keeper.held,
    take: (answer) => supervisor.takeSweep(answer),
    sweepMs: config.sweepMs,
    metrics: metrics.sweeper,
    logger: bindIds(logger, { part: "sweep" }),
  });
  const breaker = createClientBreaker({
    redis,
    clientVersion: options.clientVersion,
    logger: bindIds(logger, { part: "breaker" }),
  });
  const takeTurn = createDialTurns({
    redis,
    workers: keeper.workers,
    logger,
    perSecond: config.fleetDialsPerSecond,
  });
  const supervisor: SessionSupervisor = createSessionSupervisor({
    runner: {
      openLink,
      network: config.whatsapp.network,
      commit,
      secrets: createSecretStores(clients.reads, commit),
      sessions,
      outbox: createMessageOutbox(clients.reads),
      showCode: createShowCode(redis, logger),
      dials: createDialGate(createSlots(dialsAtOnce), takeTurn),
      breaker,
      suspects: createSlots(1),
      encodings: createSlots(encodingsAtOnce),
      holds: keeper.holds,
      databaseNowMs: keeper.databaseNowMs,
      wantSweep: () => sweeper.request(true),
      metrics: metrics.runner,
      logger,
      ...options.runner,
    },
    sessions,
    consumers: () => consumers,
    held: keeper.held,
    // Writes leave in order: when an empty one has returned, so has everything before it.
    flush: (lease) => commit({ tenantId: "", sessionId: "", lease }, {}),
    logger: bindIds(logger, { part: "supervisor" }),
  });
  const consumers = createShardConsumers({ redis, handlers: (shard) => shardHandlers(shard, supervisor), logger });
  const watchdog = startWatchdog();
  const reach = watchReach({
    keeper,
    runners: () => supervisor.runners(),
    patienceMs: config.cutOffAfterMs,
    logger: bindIds(logger, { part: "reach" }),
  });
  const processWatch = watchProcess({ memoryLimitBytes: config.memoryLimitBytes, onUnwell: options.fail });

  const ops = createOps({
    service: "worker",
    version,
    registry: metrics.registry,
    isDraining: keeper.isDraining,
    checks: {
      leases: { required: true, check: () => keeper.check() },
      redis: { required: false, check: async () => void (await redis.ping()) },
    },
  });
  const server = await openOpsServer({ ops, host: config.host, port: config.port });

  const stepDeps = {
    callStep: createStepCall(clients.jobs, minuteOfPace(pacingProfiles[config.whatsapp.network])),
    producer,
    ring,
    logger,
  };
  const upkeepDeps = { callPass: createPassCall(clients.jobs), producer, ring, metrics: metrics.upkeep, logger };
  // The library's own limit, for the run without ours.
  const stalled = isOff("stalled-limit") ? { maxStalledCount: 1 } : {};
  const fleetConsumers = [
    createConsumer({
      queue: "campaigns",
      redis,
      concurrency: 4,
      ...stalled,
      logger,
      handlers: { "campaign.step": ({ campaign }) => stepCampaign(stepDeps, campaign) },
    }),
    createConsumer({
      queue: "upkeep",
      redis,
      concurrency: 1,
      ...stalled,
      logger,
      handlers: { "upkeep.pass": () => runUpkeep(upkeepDeps) },
    }),
  ];
  const schedule = () => {
    producer
      .schedule("upkeep.pass", {}, upkeepEveryMs)
      .catch((error: unknown) => logger.debug({ error }, "housekeeping could not be scheduled; trying again soon"));
  };

  listenToFleet(subscriber, () => keeper.beat(), logger);
  // Wake-ups may have been lost with the connection: everything is looked at when it is back.
  redis.on("ready", () => {
    sweeper.request(true);
    schedule();
  });
  schedule();
  const check = () => {
    supervisor.check();
    reach.check();
  };
  const timers = [setInterval(schedule, upkeepEveryMs), setInterval(check, checkEveryMs)];
  keeper.start();
  sweeper.start();
  logger.info(
    { network: config.whatsapp.network },
    `worker ${worker} runs; health on http://${config.host}:${server.port}/healthz`,
  );

  const shutdown: ShutdownPhase[] = [
    {
      name: "take no more campaign work",
      deadlineMs: 3_000,
      run: async () => {
        for (const timer of timers) clearInterval(timer);
        processWatch.stop();
        await Promise.all(fleetConsumers.map((consumer) => consumer.close()));
      },
    },
    { name: "hand sessions over and leave the fleet", deadlineMs: 20_000, run: () => keeper.drain() },
    {
      name: "stop",
      deadlineMs: 3_000,
      run: async () => {
        await Promise.all([keeper.stop(), sweeper.stop()]);
        await Promise.all([watchdog[Symbol.asyncDispose](), breaker[Symbol.asyncDispose]()]);
        await server[Symbol.asyncDispose]();
      },
    },
  ];
  return { opsPort: server.port, shutdown };
}
