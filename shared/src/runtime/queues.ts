import { type jobCatalogue, type JobName, type JobPayload, jobSubject } from "../contract/jobs.ts";
import { commonQueuePrefix, shardQueuePrefix } from "./redis-keys.ts";

export type QueueName = (typeof jobCatalogue)[JobName]["queue"];
/** The jobs of one queue. */
export type JobOf<Queue extends QueueName> = {
  [Name in JobName]: (typeof jobCatalogue)[Name]["queue"] extends Queue ? Name : never;
}[JobName];

/** Where a queue lives: `cmd` once for each shard, the others once for the fleet. */
export function queuePrefix(queue: QueueName, shard: number | undefined): string {
  if (queue !== "cmd") return commonQueuePrefix;
  if (shard === undefined) throw new Error("a job of queue cmd needs the shard of its session");
  return shardQueuePrefix(shard);
}

/**
 * The deduplication id. Timers have ids of their own: a delayed job would otherwise swallow the immediate one added
 * after it until the timer fires.
 */
export function deduplicationId<Name extends JobName>(name: Name, payload: JobPayload<Name>, delayMs = 0): string {
  const subject = jobSubject(name, payload);
  return delayMs > 0 ? `timer-${subject}` : subject;
}
