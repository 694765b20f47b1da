import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { jobCatalogue, type JobName, type JobPayload } from "../contract/jobs.ts";
import { AppError } from "../contract/problem.ts";
import type { Logger } from "./logger.ts";
import { deduplicationId, queuePrefix, type QueueName } from "./queues.ts";

export interface EnqueueOptions {
  /** The shard of the session; needed for jobs of queue `cmd`. */
  shard?: number;
  /** Runs not before this many milliseconds from now, by this machine's clock. Handlers compare with database time. */
  delayMs?: number;
}

export interface JobProducer {
  /**
   * Adds a wake-up. While one for the same subject waits, this one is dropped; while one runs, one more runs after it.
   * Throws `unavailable` within about two seconds when Redis is away; the caller may go on, a sweep finds the row.
   */
  enqueue: <Name extends JobName>(name: Name, payload: JobPayload<Name>, options?: EnqueueOptions) => Promise<void>;
  /** Runs a job every so many milliseconds, once across the fleet however many processes ask for it. */
  schedule: <Name extends JobName>(name: Name, payload: JobPayload<Name>, everyMs: number) => Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const jobOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const;
const patienceMs = 2_000;

/**
 * Opens a producer over one connection that it shares and does not close: a `producer` in the API, the `command` client
 * in a worker. Queues are opened when first used, only while Redis answers, because BullMQ never forgets a failed start.
 */
export function createJobProducer({ redis, logger }: { redis: Redis; logger: Logger }): JobProducer {
  const queues = new Map<string, Promise<Queue>>();

  async function openQueue(name: QueueName, shard: number | undefined): Promise<Queue> {
    await connected(redis);
    const prefix = queuePrefix(name, shard);
    const known = queues.get(prefix + name);
    if (known !== undefined) return known;
    const queue = new Queue(name, { connection: redis, prefix, streams: { events: { maxLen: 100 } } });
    queue.on("error", (error) =>
      logger.debug({ error: error.message, queue: name, shard }, "a queue reports an error"),
    );
    const opened = queue.waitUntilReady().then(() => queue);
    opened.catch(() => queues.delete(prefix + name));
    queues.set(prefix + name, opened);
    return opened;
  }

  async function use(name: JobName, shard: number | undefined, act: (queue: Queue) => Promise<unknown>): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs);
    try {
      await Promise.race([late.promise, (async () => act(await openQueue(jobCatalogue[name].queue, shard)))()]);
    } catch (error) {
      throw new AppError("unavailable", `The job ${name} could not be queued: ${(error as Error).message}`, {
        cause: error,
        retryAfterSeconds: 2,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    enqueue: (name, payload, { shard, delayMs = 0 } = {}) =>
      use(name, shard, (queue) =>
        queue.add(name, payload, {
          ...jobOptions,
          ...(delayMs > 0 ? { delay: delayMs } : {}),
          deduplication: { id: deduplicationId(name, payload, delayMs), keepLastIfActive: true },
        }),
      ),
    schedule: (name, payload, everyMs) =>
      use(name, undefined, (queue) =>
        queue.upsertJobScheduler(name.replace(".", "-"), { every: everyMs }, { name, data: payload, opts: jobOptions }),
      ),
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([...queues.values()].map(async (opened) => (await opened).close()));
    },
  };
}

/** Resolves when the connection is up; waits only for an attempt under way, and rejects as soon as that fails. */
async function connected(redis: Redis): Promise<void> {
  if (redis.status === "connecting" || redis.status === "connect")
    await new Promise<void>((resolve) => {
      const done = () => {
        redis.off("ready", done).off("close", done);
        resolve();
      };
      redis.on("ready", done).on("close", done);
    });
  if (redis.status !== "ready") throw new Error("Redis is away");
}
