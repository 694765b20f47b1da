import { monotonicMs, sleep } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { Lease, Sweep, SweepAnswer } from "../store-ports.ts";

export interface Sweeper {
  start(): void;
  /** Sweeps at once. `full` looks at every lane with waiting rows instead of those touched lately. */
  request(full: boolean): void;
  stop(): Promise<void>;
}

export interface SweeperOptions {
  sweep: Sweep;
  held: () => Lease[];
  /** Hands the findings to the sessions; returns how many nobody had told of. */
  take: (answer: SweepAnswer) => number;
  sweepMs: number;
  fullSweepMs?: number;
  random?: () => number;
  metrics: { found(count: number): void };
  logger: Logger;
}

/**
 * Finds work whose wake-up was lost: one call for everything this worker holds, every few seconds with jitter, and at
 * once when asked. A Redis that forgets everything costs one sweep, no message.
 */
export function createSweeper(options: SweeperOptions): Sweeper {
  const { sweep, held, take, sweepMs, fullSweepMs = 60_000, random = Math.random, logger } = options;
  const stopping = new AbortController();
  let since: string | null = null;
  let fullAt = 0;
  let wake: () => void = () => {};
  let working: Promise<void> = Promise.resolve();

  async function sweepOnce(): Promise<void> {
    const shards = held().map(({ shard }) => shard);
    if (shards.length === 0) return;
    const full = monotonicMs() >= fullAt;
    const answer = await sweep(shards, full ? null : since);
    since = answer.t;
    if (full) fullAt = monotonicMs() + fullSweepMs;
    const found = take(answer);
    options.metrics.found(found);
    if (found > 0) logger.debug({ lanes: found, full }, "the sweep found rows that no wake-up had told of");
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      await sweepOnce().catch((error: unknown) => logger.warn({ error }, "a sweep failed; the next one looks again"));
      const timer = new AbortController();
      const pause = sleep(sweepMs * (0.9 + 0.2 * random()), AbortSignal.any([timer.signal, stopping.signal]));
      await Promise.race([woken, pause.catch(() => undefined)]);
      timer.abort();
    }
  }

  return {
    start() {
      working = work();
    },
    request(full) {
      if (full) fullAt = 0;
      wake();
    },
    async stop() {
      stopping.abort();
      await working;
    },
  };
}
