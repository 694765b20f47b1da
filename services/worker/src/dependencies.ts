import { checkRedis } from "@flotilla/shared/runtime/check-redis";
import { checkSupabase } from "@flotilla/shared/runtime/check-supabase";
import { createJobProducer } from "@flotilla/shared/runtime/job-producer";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { closeRedis, openRedis } from "@flotilla/shared/runtime/redis";
import { createServiceClient } from "@flotilla/shared/runtime/supabase";
import type { Config } from "./config.ts";

export type Dependencies = Awaited<ReturnType<typeof openDependencies>>;

/**
 * Opens the connections of a worker: to Supabase one pool for each kind of call, so that a heartbeat never waits behind
 * a commit nor a commit behind reads. Throws an AppError that says which neighbour is missing or refuses us; the checks
 * come first, so nothing is left open then. Disposing closes them.
 */
export async function openDependencies(config: Pick<Config, "redisUrl" | "supabase">, logger: Logger) {
  const pool = (connections: number) => createServiceClient({ ...config.supabase, connections });
  const clients = { ticks: pool(2), commits: pool(2), reads: pool(6), jobs: pool(4) };
  await Promise.all([
    checkSupabase({ url: config.supabase.url, client: clients.reads }),
    checkRedis({ url: config.redisUrl, logger }),
  ]);
  const redis = openRedis({ url: config.redisUrl, role: "command", service: "worker", logger });
  const subscriber = openRedis({ url: config.redisUrl, role: "subscriber", service: "worker", logger });
  const producer = createJobProducer({ redis, logger });
  return {
    clients,
    redis,
    subscriber,
    producer,
    [Symbol.asyncDispose]: async () => {
      await producer[Symbol.asyncDispose]();
      await Promise.all([closeRedis(redis), closeRedis(subscriber)]);
    },
  };
}
