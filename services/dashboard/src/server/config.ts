import { listenEnvironment, logEnvironment } from "@flotilla/shared/runtime/environment";
import { loadConfig } from "@flotilla/shared/runtime/load-config";
import { z } from "zod";

const httpUrl = z.url({ protocol: /^https?$/ });

const schema = z.object({
  ...logEnvironment,
  ...listenEnvironment(5173),
  API_URL: httpUrl.describe("address of the api service, such as http://127.0.0.1:3001"),
  REALTIME_URLS: z
    .string()
    .transform((list) => list.split(",").map((url) => url.trim()))
    .pipe(z.array(httpUrl).min(1))
    .describe("addresses of the realtime replicas, separated by commas; connections go to them in turn"),
  SIMULATOR_URL: httpUrl
    .optional()
    .describe("control address of the simulated network; without one the test bench says so"),
  SUPABASE_URL: httpUrl.describe("address of the Supabase API, such as https://<project>.supabase.co"),
  SUPABASE_PUBLISHABLE_KEY: z
    .string()
    .min(1)
    .describe("the project's publishable key (sb_publishable_…) or its older anon key; never the secret one"),
});

export interface ServerConfig {
  port: number;
  host: string;
  logLevel: string;
  publishableKey: string;
  upstreams: { api: string; realtime: readonly string[]; simulator: string | undefined; supabase: string };
}

/** Reads the environment once. Throws a ConfigError that names every bad variable. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): ServerConfig {
  const variables = loadConfig(schema, environment);
  return {
    port: variables.PORT,
    host: variables.HOST,
    logLevel: variables.LOG_LEVEL,
    publishableKey: variables.SUPABASE_PUBLISHABLE_KEY,
    upstreams: {
      api: variables.API_URL,
      realtime: variables.REALTIME_URLS,
      simulator: variables.SIMULATOR_URL,
      supabase: variables.SUPABASE_URL,
    },
  };
}
