import { checkRedis } from "@flotilla/shared/runtime/check-redis";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { join } from "node:path";

import { cacheFolder, checkoutFolder } from "../embedded/folders.ts";
import { freePort } from "../embedded/free-port.ts";
import { startPostgres } from "../embedded/postgres.ts";
import { startRedis } from "../embedded/redis.ts";
import { findRedis } from "../embedded/redis-chain.ts";
import { startSupabase } from "../embedded/supabase.ts";
import { checkGivenSupabase, givenSupabase, type GivenSupabase } from "./given-supabase.ts";
import type { LauncherState } from "./state-file.ts";
import { type Running, supervise } from "./supervise.ts";

/** How long an access token of the embedded auth is good for, as on hosted Supabase. */
const JWT_EXPIRY_SECONDS = 3600;

export type BackingContext = {
  dataFolder: string;
  state: LauncherState;
  environment: NodeJS.ProcessEnv;
  supabasePort: number;
  dashboardUrl: string;
  say: (sentence: string) => void;
  /** Adds a child to the process list and takes it off when it is gone. */
  remember: (name: string, running: Running, commandLineHas: string) => void;
  /** What is opened here is closed there, in reverse. */
  cleanup: AsyncDisposableStack;
};

/**
 * Asks what the environment names, before anything is started; warnings go to the logger.
 *
 * @throws in one line that names the wrong variable and why it is wrong
 */
export async function checkGiven(environment: NodeJS.ProcessEnv, logger: Logger): Promise<void> {
  const project = givenSupabase(environment);
  const url = environment["REDIS_URL"];
  await Promise.all([project && checkGivenSupabase(project), url && checkRedis({ url, logger })]);
}

/**
 * The Supabase project of this platform: the given one, or Postgres and the API of our own.
 *
 * @throws with the reason of the part that did not start
 */
export async function openSupabase(context: BackingContext): Promise<GivenSupabase> {
  const given = givenSupabase(context.environment);
  if (given) {
    context.say(`Supabase: ${given.supabaseUrl} (from SUPABASE_URL)`);
    return given;
  }
  const { state, dataFolder, cleanup, say } = context;
  const began = performance.now();
  const postgresFolder = join(dataFolder, "postgres");
  const postgresPort = await freePort();
  const postgresUrl = `postgres://postgres:${state.postgresPassword}@127.0.0.1:${postgresPort}/postgres`;
  cleanup.use(
    await supervise({
      name: "Postgres",
      start: async () => {
        const password = state.postgresPassword;
        const running = await startPostgres({ folder: postgresFolder, password, port: postgresPort });
        context.remember("Postgres", running, postgresFolder);
        return running;
      },
      ...restartWords("Postgres", say),
    }),
  );
  let migrated: string[] = [];
  cleanup.use(
    await supervise({
      name: "Supabase API",
      start: async () => {
        const running = await startSupabase({
          ...state.supabase,
          databaseUrl: postgresUrl,
          port: context.supabasePort,
          migrationsFolder: join(checkoutFolder, "supabase/migrations"),
          siteUrl: context.dashboardUrl,
          jwtExpirySeconds: JWT_EXPIRY_SECONDS,
          firstMemberOperates: true,
          logFile: join(dataFolder, "logs/supabase.log"),
        });
        context.remember("Supabase API", running, "supabase-child.ts");
        migrated = running.migrated;
        return running;
      },
      ...restartWords("Supabase API", say),
    }),
  );
  const news = migrated.length > 0 ? `, ${migrated.length} migrations run` : "";
  say(`Postgres 17 and the Supabase API are up${news} (${seconds(began)})`);
  const supabaseUrl = `http://127.0.0.1:${context.supabasePort}`;
  return { supabaseUrl, ...state.supabase, jwksUrl: undefined };
}

/**
 * The Redis of this platform: the given one, or the first that the chain finds.
 *
 * @returns its URL
 * @throws naming the three ways out when there is none
 */
export async function openRedis(context: BackingContext): Promise<string> {
  const { environment, say, cleanup, state, dataFolder } = context;
  const given = environment["REDIS_URL"];
  if (given) {
    say(`Redis: ${new URL(given).host} (from REDIS_URL)`);
    return given;
  }
  const began = performance.now();
  const finding = await findRedis({
    path: environment["PATH"] ?? "",
    cacheFolder: cacheFolder(),
    mayDownload: !environment["FLOTILLA_NO_DOWNLOAD"],
    say,
  });
  say(`Redis: ${finding.from} (${seconds(began)})`);
  if (finding.kind === "elsewhere") {
    cleanup.use(finding.redis);
    return finding.redis.url;
  }
  const port = await freePort();
  const folder = join(dataFolder, "redis");
  cleanup.use(
    await supervise({
      name: "Redis",
      start: async () => {
        const running = await startRedis({ program: finding.program, folder, password: state.redisPassword, port });
        context.remember("Redis", running, folder);
        return running;
      },
      ...restartWords("Redis", say),
    }),
  );
  return `redis://:${state.redisPassword}@127.0.0.1:${port}`;
}

function restartWords(name: string, say: (sentence: string) => void) {
  return {
    onGone: (how: string) => say(`⚡ ${name} is gone (${how}), starting it again`),
    onBack: (_pid: number, afterMs: number) => say(`${name} is back after ${(afterMs / 1000).toFixed(1)} s`),
    onTrouble: (error: Error) => say(`✖ ${name}: ${error.message}`),
  };
}

/** Seconds since a moment of `performance.now()`, for a log line. */
export function seconds(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}
