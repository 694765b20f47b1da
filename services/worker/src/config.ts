import {
  listenEnvironment,
  logEnvironment,
  redisEnvironment,
  supabaseEnvironment,
} from "@flotilla/shared/runtime/environment";
import { loadConfig } from "@flotilla/shared/runtime/load-config";
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { z } from "zod";
import { fleetDialsPerSecond } from "./domain/dial-pace.ts";
import { type Mechanism, mechanisms } from "./mechanisms.ts";
import type { SessionRow } from "./store-ports.ts";

const milliseconds = (least: number, most: number, what: string) =>
  z.coerce.number().int().min(least).max(most).describe(`${what}, in milliseconds, ${least} to ${most}`);

const schema = z.object({
  ...logEnvironment,
  ...redisEnvironment,
  ...supabaseEnvironment,
  ...listenEnvironment(3003),
  WHATSAPP_URL: z
    .url({ protocol: /^wss?$/ })
    .optional()
    .describe("address of a simulated WhatsApp network, such as ws://127.0.0.1:3010/ws/chat; unset: the real one"),
  WHATSAPP_ROOT_KEY: z
    .string()
    .optional()
    .describe("public root key of the simulated network's certificates; refused without WHATSAPP_URL"),
  CREDENTIALS_KEY: z
    .string()
    .refine((text) => Buffer.from(text, "base64").length === 32, "not 32 bytes in base64")
    .describe("the key that seals credentials: 32 random bytes in base64, as `openssl rand -base64 32` makes them"),
  LEASE_TTL_MS: milliseconds(500, 60_000, "how long a silent worker keeps its shards").default(6_000),
  LEASE_MARGIN_MS: milliseconds(100, 20_000, "how much earlier than that it stops by itself").default(1_500),
  HEARTBEAT_MS: milliseconds(50, 10_000, "time between two heartbeats").default(1_000),
  SETTLE_MS: milliseconds(0, 60_000, "how long a worker that joined waits before it takes shards").optional(),
  SWEEP_MS: milliseconds(200, 15_000, "time between two looks for work whose wake-up was lost").default(5_000),
  WORKER_CAPACITY: z.coerce
    .number()
    .int()
    .min(1)
    .max(5_000)
    .default(300)
    .describe("sessions this worker is meant for, 1 to 5000; shares are in proportion to it"),
  FLEET_DIALS_PER_SECOND: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(fleetDialsPerSecond)
    .describe("links the whole fleet may open in a second, 1 to 1000; the same for every worker"),
  MEMORY_LIMIT_MIB: z.coerce
    .number()
    .int()
    .min(16)
    .max(1_048_576)
    .optional()
    .describe(
      "memory this worker may use, in MiB; near it the worker hands its sessions over and ends; unset: what the system grants",
    ),
  CUT_OFF_AFTER_MS: milliseconds(
    1_000,
    600_000,
    "how long a worker whose sessions all lack a link keeps them while others have links",
  ).default(60_000),
  FLOTILLA_WITHOUT: z
    .enum(mechanisms)
    .optional()
    .describe("a mechanism to do without, to see what breaks; on a simulated network only"),
});

export interface Config {
  logLevel: string;
  host: string;
  port: number;
  /** New at each start: a worker that comes back is another one. */
  worker: string;
  hostname: string;
  redisUrl: string;
  supabase: { url: string; secretKey: string };
  whatsapp: { network: SessionRow["network"]; url: string | null; rootKey: string | null };
  credentialsKey: string;
  lease: { ttlMs: number; marginMs: number; heartbeatMs: number; settleMs: number };
  capacity: number;
  sweepMs: number;
  fleetDialsPerSecond: number;
  memoryLimitBytes: number | null;
  cutOffAfterMs: number;
  /** See `mechanisms.ts`. Null: everything works. */
  without: Mechanism | null;
}

/** Reads the environment once. Throws a ConfigError that names every bad variable, or an Error on settings at odds. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const variables = loadConfig(schema, environment);
  const { WHATSAPP_URL: url = null, WHATSAPP_ROOT_KEY: rootKey = null } = variables;
  const lease = {
    ttlMs: variables.LEASE_TTL_MS,
    marginMs: variables.LEASE_MARGIN_MS,
    heartbeatMs: variables.HEARTBEAT_MS,
    // A fleet on one machine starts within half a second; elsewhere starts spread over some seconds.
    settleMs: variables.SETTLE_MS ?? (url === null ? 2_500 : 500),
  };
  if (lease.ttlMs - lease.marginMs < 2 * lease.heartbeatMs)
    throw new Error(
      `LEASE_TTL_MS ${lease.ttlMs} less LEASE_MARGIN_MS ${lease.marginMs} leaves no room for two heartbeats of HEARTBEAT_MS ${lease.heartbeatMs}`,
    );
  if (url === null && rootKey !== null)
    throw new Error(
      "WHATSAPP_ROOT_KEY is for a simulated network and is refused on the real one: unset it, or set WHATSAPP_URL",
    );
  const { FLOTILLA_WITHOUT: without = null } = variables;
  if (without !== null && (url === null || environment["NODE_ENV"] === "production"))
    throw new Error(
      "FLOTILLA_WITHOUT takes away what keeps messages safe and is refused on the real network and in production: unset it",
    );
  return {
    logLevel: variables.LOG_LEVEL,
    host: variables.HOST,
    port: variables.PORT,
    worker: `worker-${randomBytes(4).toString("hex")}`,
    hostname: hostname(),
    redisUrl: variables.REDIS_URL,
    supabase: { url: variables.SUPABASE_URL, secretKey: variables.SUPABASE_SECRET_KEY },
    whatsapp: { network: url === null ? "whatsapp" : "simulated", url, rootKey },
    credentialsKey: variables.CREDENTIALS_KEY,
    lease,
    capacity: variables.WORKER_CAPACITY,
    sweepMs: variables.SWEEP_MS,
    fleetDialsPerSecond: variables.FLEET_DIALS_PER_SECOND,
    memoryLimitBytes: variables.MEMORY_LIMIT_MIB === undefined ? null : variables.MEMORY_LIMIT_MIB * 1_048_576,
    cutOffAfterMs: variables.CUT_OFF_AFTER_MS,
    without,
  };
}
