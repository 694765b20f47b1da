import { createConsumer, type JobConsumer, type JobHandlers } from "@flotilla/shared/runtime/job-consumer";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { Redis } from "ioredis";

/** A job consumer for each held shard that has sessions to run: each costs a blocking connection, so no more than that. */
export interface ShardConsumers {
  open(shard: number): void;
  /** Takes no more jobs of the shard and waits for those in hand. */
  close(shard: number): Promise<void>;
  /** For a lost lease: waits for nothing, because Redis may be away too. */
  closeNow(shard: number): void;
  count(): number;
}

/** Opening an open shard, or closing a closed one, does nothing. */
export function createShardConsumers(options: {
  redis: Redis;
  /** The handlers of one shard's jobs. */
  handlers: (shard: number) => JobHandlers<"cmd">;
  logger: Logger;
}): ShardConsumers {
  const { redis, handlers, logger } = options;
  const open = new Map<number, JobConsumer>();
  const remove = (shard: number) => {
    const consumer = open.get(shard);
    open.delete(shard);
    return consumer;
  };
  return {
    open(shard) {
      if (open.has(shard)) return;
      open.set(shard, createConsumer({ queue: "cmd", shard, redis, handlers: handlers(shard), logger }));
    },
    close: async (shard) => await remove(shard)?.close(),
    closeNow: (shard) => remove(shard)?.closeNow(),
    count: () => open.size,
  };
}
