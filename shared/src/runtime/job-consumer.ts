import { type Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { jobCatalogue, type JobName, type JobPayload } from "../contract/jobs.ts";
import { bindIds, type Logger } from "./logger.ts";
import { type JobOf, queuePrefix, type QueueName } from "./queues.ts";

export interface JobContext {
  jobId: string;
  logger: Logger;
}

/** One handler for every job of a queue: a missing one does not compile. Handlers must bear running twice. */
export type JobHandlers<Queue extends QueueName> = {
  [Name in JobOf<Queue>]: (payload: JobPayload<Name>, context: JobContext) => Promise<void> | void;
};

export interface ConsumerOptions<Queue extends QueueName> {
  queue: Queue;
  /** Needed for queue `cmd`. */
  shard?: number;
  /** The `command` client; shared and not closed. BullMQ opens one more from it for the blocking read. */
  redis: Redis;
  handlers: JobHandlers<Queue>;
  /** Jobs at a time; default 20. */
  concurrency?: number;
  /** Deaths of its workers after which a job is given up; default 1,000, which is never: rows count attempts. */
  maxStalledCount?: number;
  logger: Logger;
}

export interface JobConsumer {
  /** Takes no more jobs and waits for those in hand. */
  close: () => Promise<void>;
  /** Takes no more jobs and waits for nothing: for a lost lease, when Redis may be away too. Jobs in hand run again. */
  closeNow: () => void;
}

/**
 * Consumes one queue. A job that throws is logged and gone, because retries live in the rows; a job whose process dies
 * is given to another within about 15 seconds, any number of times. Payloads are parsed when taken.
 */
export function createConsumer<Queue extends QueueName>(options: ConsumerOptions<Queue>): JobConsumer {
  const { queue, shard, redis, concurrency = 20, maxStalledCount = 1_000 } = options;
  const log = bindIds(options.logger, { part: `queue-${queue}`, ...(shard === undefined ? {} : { shard }) });
  const handlers = options.handlers as Partial<
    Record<JobName, (payload: unknown, context: JobContext) => Promise<void> | void>
  >;

  async function run(job: Job): Promise<void> {
    const jobLog = bindIds(log, { jobId: String(job.id), jobName: job.name });
    const name = job.name as JobName;
    const handler = Object.hasOwn(jobCatalogue, name) ? handlers[name] : undefined;
    const payload = handler === undefined ? undefined : jobCatalogue[name].payload.safeParse(job.data);
    if (handler === undefined || payload?.success !== true) {
      jobLog.error(
        { problem: payload?.error?.message ?? "no such job" },
        "a job was dropped: it is not in the catalogue",
      );
      return;
    }
    await handler(payload.data, { jobId: String(job.id), logger: jobLog });
  }

  const worker = new Worker(queue, run, {
    connection: redis,
    prefix: queuePrefix(queue, shard),
    concurrency,
    lockDuration: 10_000,
    stalledInterval: 5_000,
    maxStalledCount,
    drainDelay: 10,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  worker.on("failed", (job, error) =>
    log.warn({ error, jobId: job?.id, jobName: job?.name }, "a job failed; a sweep will find its rows"),
  );
  worker.on("error", (error) => log.debug({ error: error.message }, "the consumer reports an error and goes on"));

  return {
    close: () => worker.close(),
    closeNow() {
      worker.close(true).catch((error: unknown) => log.debug({ error }, "the consumer did not close cleanly"));
    },
  };
}
