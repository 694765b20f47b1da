import { z } from "zod";

const Url = z.url({ protocol: /^https?$/ });

/** What the dashboard's web server is told by its environment. Only this file reads it. */
const Environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(5173),
  HOST: z.string().min(1).default("127.0.0.1"),
  API_URL: Url,
  REALTIME_URLS: z
    .string()
    .transform((list) => list.split(",").map((url) => url.trim()))
    .pipe(z.array(Url).min(1))
    .describe("Replicas of the realtime service, comma separated; connections go to them in turn"),
  SIMULATOR_URL: z
    .union([z.literal("").transform(() => undefined), Url])
    .optional()
    .describe("Control API of the simulated network; without it the test bench says so"),
  SUPABASE_URL: Url,
  SUPABASE_PUBLISHABLE_KEY: z.string().min(1),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

export interface ServerConfig {
  port: number;
  host: string;
  logLevel: string;
  publishableKey: string;
  upstreams: { api: string; realtime: readonly string[]; simulator: string | undefined; supabase: string };
}

/** Reads the environment. Throws one error that names every mistake, never a value. */
export function loadServerConfig(environment: NodeJS.ProcessEnv = process.env): ServerConfig {
  const read = Environment.safeParse(environment);
  if (!read.success) {
    const mistakes = read.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The dashboard cannot start. ${mistakes.join("; ")}`);
  }
  const { data } = read;
  return {
    port: data.PORT,
    host: data.HOST,
    logLevel: data.LOG_LEVEL,
    publishableKey: data.SUPABASE_PUBLISHABLE_KEY,
    upstreams: {
      api: data.API_URL,
      realtime: data.REALTIME_URLS,
      simulator: data.SIMULATOR_URL,
      supabase: data.SUPABASE_URL,
    },
  };
}
