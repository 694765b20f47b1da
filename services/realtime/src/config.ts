import {
  listenEnvironment,
  logEnvironment,
  redisEnvironment,
  supabaseEnvironment,
  tokenEnvironment,
} from "@flotilla/shared/runtime/environment";
import { tokenConfigOf, type TokenConfig } from "@flotilla/shared/runtime/jwt";
import { loadConfig } from "@flotilla/shared/runtime/load-config";
import { randomBytes } from "node:crypto";
import { z } from "zod";

const schema = z.object({
  ...logEnvironment,
  ...redisEnvironment,
  ...supabaseEnvironment,
  ...tokenEnvironment,
  ...listenEnvironment(3002),
  CORS_ORIGINS: z
    .string()
    .default("http://localhost:5173,http://127.0.0.1:5173")
    .describe("origins of browsers that may connect, separated by commas, or *"),
  DRAIN_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(5_000)
    .describe("milliseconds over which dashboards are sent away at shutdown, 0 to 60000"),
});

export interface Config {
  logLevel: string;
  host: string;
  port: number;
  /** New at each start; tells a client, and the log, which replica it talks to. */
  replica: string;
  redisUrl: string;
  supabase: { url: string; secretKey: string };
  tokens: TokenConfig;
  /** Origins of browsers that may connect; `*` lets all. Other programs send none and are let in. */
  origins: readonly string[];
  drainMs: number;
}

/** Reads the environment once. Throws a ConfigError that names every bad variable. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const variables = loadConfig(schema, environment);
  return {
    logLevel: variables.LOG_LEVEL,
    host: variables.HOST,
    port: variables.PORT,
    replica: `rt-${randomBytes(3).toString("hex")}`,
    redisUrl: variables.REDIS_URL,
    supabase: { url: variables.SUPABASE_URL, secretKey: variables.SUPABASE_SECRET_KEY },
    tokens: tokenConfigOf(variables),
    origins: variables.CORS_ORIGINS.split(",").map((origin) => origin.trim().replace(/\/+$/, "")),
    drainMs: variables.DRAIN_MS,
  };
}
