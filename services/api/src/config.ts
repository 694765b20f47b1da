import {
  listenEnvironment,
  logEnvironment,
  redisEnvironment,
  supabaseEnvironment,
  tokenEnvironment,
} from "@flotilla/shared/runtime/environment";
import { tokenConfigOf, type TokenConfig } from "@flotilla/shared/runtime/jwt";
import { loadConfig } from "@flotilla/shared/runtime/load-config";
import { z } from "zod";

const schema = z.object({
  ...logEnvironment,
  ...redisEnvironment,
  ...supabaseEnvironment,
  ...tokenEnvironment,
  ...listenEnvironment(3001),
  CORS_ORIGINS: z
    .string()
    .default("http://localhost:5173,http://127.0.0.1:5173")
    .describe("origins of browsers that may call the API, separated by commas"),
  SIMULATOR_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ""))
    .optional()
    .describe("address of the simulator's control API; when set, sessions are linked to the simulated network"),
});

export interface Config {
  logLevel: string;
  host: string;
  port: number;
  redisUrl: string;
  supabase: { url: string; secretKey: string };
  tokens: TokenConfig;
  /** Origins of browsers that may call us, compared exactly. Programs that are no browsers send none and are let in. */
  origins: readonly string[];
  /** Null on the real network: `/sim` then answers 404. */
  simulatorUrl: string | null;
}

/** Reads the environment once. Throws a ConfigError that names every bad variable. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const variables = loadConfig(schema, environment);
  return {
    logLevel: variables.LOG_LEVEL,
    host: variables.HOST,
    port: variables.PORT,
    redisUrl: variables.REDIS_URL,
    supabase: { url: variables.SUPABASE_URL, secretKey: variables.SUPABASE_SECRET_KEY },
    tokens: tokenConfigOf(variables),
    origins: variables.CORS_ORIGINS.split(",")
      .map((origin) => origin.trim().replace(/\/+$/, ""))
      .filter((origin) => origin !== ""),
    simulatorUrl: variables.SIMULATOR_URL ?? null,
  };
}
