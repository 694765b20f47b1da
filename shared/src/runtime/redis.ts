import { Redis, type RedisOptions } from "ioredis";
import { bindIds, type Logger } from "./logger.ts";

/**
 * What a connection is for. `command`, `subscriber` and `blocking` wait out an outage: commands queue up and run when
 * Redis is back. `producer` fails within a second instead, because the row behind a job is already durable and the
 * HTTP caller is waiting. A subscriber takes no other commands; a blocking one is held by a blocking read.
 */
export type RedisRole = "command" | "subscriber" | "blocking" | "producer";

const waiting: RedisOptions = {
  maxRetriesPerRequest: null,
  enableOfflineQueue: true,
  // BullMQ's own connections back off to 20 s; half a second brings consumers back right after Redis.
  retryStrategy: () => 500 + Math.random() * 250,
};
const optionsByRole: Record<RedisRole, RedisOptions> = {
  command: waiting,
  subscriber: waiting,
  blocking: waiting,
  producer: {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: 1_000,
    retryStrategy: () => 500 + Math.random() * 250,
  },
};

export interface OpenRedisOptions {
  /** `redis://` or `rediss://`, one node. */
  url: string;
  role: RedisRole;
  /** Shown by `CLIENT LIST` behind `flotilla:`. */
  service: string;
  logger: Logger;
}

/**
 * Opens a connection for one role and keeps it open for ever. Its outages are logged once each, not once a retry.
 * The caller closes it with `closeRedis`. Never has a `keyPrefix`, which BullMQ refuses.
 */
export function openRedis({ url, role, service, logger }: OpenRedisOptions): Redis {
  const client = new Redis(url, {
    ...optionsByRole[role],
    connectTimeout: 5_000,
    connectionName: `flotilla:${service}:${role}`,
  });
  const log = bindIds(logger, { part: `redis-${role}` });
  let away = false;
  client.on("error", (error: Error) => {
    if (!away) log.warn({ error: error.message }, "Redis is away; retrying twice a second");
    away = true;
  });
  client.on("ready", () => {
    if (away) log.info("Redis is back");
    away = false;
  });
  return client;
}

/** Ends a connection: politely when it is up, at once when Redis is away. Never rejects. */
export async function closeRedis(client: Redis): Promise<void> {
  if (client.status === "ready") await client.quit().catch(() => client.disconnect());
  else client.disconnect();
}
