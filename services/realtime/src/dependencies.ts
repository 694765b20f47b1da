import { checkRedis } from "@flotilla/shared/runtime/check-redis";
import { checkSupabase } from "@flotilla/shared/runtime/check-supabase";
import { createTokenVerifier } from "@flotilla/shared/runtime/jwt";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { readPairing } from "@flotilla/shared/runtime/pairing-store";
import { closeRedis, openRedis, type RedisRole } from "@flotilla/shared/runtime/redis";
import { createServiceClient } from "@flotilla/shared/runtime/supabase";
import { createAccess } from "./adapters/access.ts";
import { createBells } from "./adapters/bells.ts";
import { createEventLog } from "./adapters/event-log.ts";
import type { Config } from "./config.ts";

export type Dependencies = Awaited<ReturnType<typeof openDependencies>>;

/**
 * Opens every client and builds every adapter. Throws an AppError that says which neighbour is missing or refuses us;
 * the checks come first, so nothing is left open then. Disposing closes them.
 */
export async function openDependencies(config: Pick<Config, "redisUrl" | "supabase" | "tokens">, logger: Logger) {
  const client = createServiceClient(config.supabase);
  await Promise.all([
    checkSupabase({ url: config.supabase.url, client }),
    checkRedis({ url: config.redisUrl, logger }),
  ]);
  const open = (role: RedisRole) => openRedis({ url: config.redisUrl, role, service: "realtime", logger });
  const redis = { command: open("command"), bells: open("subscriber"), adapter: open("subscriber") };
  return {
    redis,
    log: createEventLog(client),
    access: createAccess(client),
    verifyToken: createTokenVerifier(config.tokens),
    bells: createBells(redis.bells),
    pairing: { read: (sessionId: string) => readPairing(redis.command, sessionId) },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(Object.values(redis).map(closeRedis));
    },
  };
}
