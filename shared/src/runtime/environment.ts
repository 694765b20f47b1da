import { z } from "zod";

/** Variables that several services read, described once. A service spreads what it needs into its own schema. */
export const logEnvironment = {
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .describe("one of trace, debug, info, warn, error, fatal, silent"),
};

export const redisEnvironment = {
  REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .describe("address of Redis 6.2 or newer, such as redis://:password@127.0.0.1:6379"),
};

export const supabaseEnvironment = {
  SUPABASE_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ""))
    .describe("address of the Supabase API, such as https://<project>.supabase.co or http://127.0.0.1:54321"),
  SUPABASE_SECRET_KEY: z
    .string()
    .min(20)
    .describe("the project's secret key (sb_secret_…) or its older service_role key; never the publishable one"),
};

export const tokenEnvironment = {
  SUPABASE_JWT_SECRET: z
    .string()
    .min(32)
    .optional()
    .describe("shared secret of at least 32 characters; when set, only HS256 tokens are accepted and no JWKS is asked"),
  SUPABASE_JWKS_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("address of the signing keys; default <SUPABASE_URL>/auth/v1/.well-known/jwks.json"),
  SUPABASE_JWT_ISSUER: z
    .string()
    .optional()
    .describe("the iss of members' tokens; default <SUPABASE_URL>/auth/v1. Set it when the public address differs"),
};

/** Host and port to listen on; `HOST` defaults to loopback, containers set 0.0.0.0. */
export const listenEnvironment = (port: number) => ({
  HOST: z.string().default("127.0.0.1").describe("the address to listen on, such as 127.0.0.1 or 0.0.0.0"),
  PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(port)
    .describe("a port between 0 and 65535; 0 takes a free one"),
});
