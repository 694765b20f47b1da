import type { Redis } from "ioredis";
import { z } from "zod";
import { Envelope } from "../contract/events.ts";
import { bellChannel } from "./redis-keys.ts";
import { type CallOptions, callFunction, type ServiceClient } from "./supabase.ts";

type Limits = Pick<CallOptions<unknown>, "signal" | "timeoutMs">;

const LogRange = z.object({
  log_id: z.uuid(),
  /** Newest sequence at the moment of reading; 0 when nothing was ever logged. */
  head: z.int().min(0),
  /** Oldest sequence still kept; a reader whose cursor is below `oldest - 1` has missed events for good. */
  oldest: z.int().min(0),
  events: z.array(Envelope),
});
export type LogRange = z.infer<typeof LogRange>;

const Heads = z.array(z.object({ tenant_id: z.uuid(), log_id: z.uuid(), head: z.int().min(0) }));
export type LogHead = { log_id: string; head: number };

/** Reads up to `limit` events with a sequence above `after`, in order and without a hole. */
export function readEvents(
  client: ServiceClient,
  range: { tenant: string; after: number; limit: number },
  limits: Limits = {},
): Promise<LogRange> {
  const args = { p_tenant: range.tenant, p_after: range.after, p_limit: range.limit };
  return callFunction(client, "read_events", args, { ...limits, schema: LogRange });
}

/** The heads of several tenants in one call; a tenant without a log is absent. */
export async function readHeads(
  client: ServiceClient,
  tenants: readonly string[],
  limits: Limits = {},
): Promise<Map<string, LogHead>> {
  const heads = await callFunction(client, "read_heads", { p_tenants: tenants }, { ...limits, schema: Heads });
  return new Map(heads.map(({ tenant_id, log_id, head }) => [tenant_id, { log_id, head }]));
}

/**
 * Tells every realtime replica that a tenant's log has grown. Call after the commit, without waiting. Does nothing while
 * Redis is away and never rejects: a lost bell costs one poll of the heads, half a second.
 */
export async function ringBell(redis: Redis, tenant: string, head: number): Promise<void> {
  if (redis.status !== "ready") return;
  await redis.publish(bellChannel, `${tenant} ${head}`).catch(() => 0);
}

/** What a bell says, or null when it is not one of ours. */
export function tryParseBell(message: string): { tenant: string; head: number } | null {
  const [tenant = "", head = ""] = message.split(" ");
  return z.uuid().safeParse(tenant).success && /^\d{1,15}$/.test(head) ? { tenant, head: Number(head) } : null;
}
