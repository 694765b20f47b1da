import type { JobProducer } from "@flotilla/shared/runtime/job-producer";
import { monotonicMs } from "@flotilla/shared/runtime/clock";
import { ringBell } from "@flotilla/shared/runtime/event-log";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { Redis } from "ioredis";
import type { Announcer, Hint } from "../ports.ts";

const quietMs = 10_000;

/** Adds jobs and rings bells behind the answer's back. While Redis is away it warns once in ten seconds. */
export function createAnnouncer(deps: {
  producer: JobProducer;
  redis: Redis;
  logger: Logger;
}): Announcer & { settled: () => Promise<void> } {
  const { producer, redis, logger } = deps;
  const pending = new Set<Promise<void>>();
  let lost = 0;
  let warnedAt = -Infinity;

  function track(work: Promise<void>): void {
    const done = work.catch(complain).finally(() => pending.delete(done));
    pending.add(done);
  }

  function complain(error: unknown): void {
    lost++;
    if (monotonicMs() - warnedAt < quietMs) return;
    logger.warn(
      { error: error instanceof Error ? error.message : String(error), lost },
      "Jobs could not be queued; the sweep of the workers finds their rows",
    );
    warnedAt = monotonicMs();
    lost = 0;
  }

  const enqueue = ({ name, payload, shard }: Hint) =>
    producer.enqueue(name, payload, shard === undefined ? {} : { shard });

  return {
    announce({ heads = {}, hints = [] }) {
      for (const hint of hints) track(enqueue(hint));
      for (const [tenant, head] of Object.entries(heads)) track(ringBell(redis, tenant, head));
    },
    async settled() {
      await Promise.all(pending);
    },
  };
}
