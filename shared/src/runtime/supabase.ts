import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { Agent, fetch as pooledFetch } from "undici";
import type { z } from "zod";
import { AppError } from "../contract/problem.ts";

export type ServiceClient = SupabaseClient;

export interface ServiceClientOptions {
  url: string;
  /** The secret key: passes row-level security. Never a member's token. */
  secretKey: string;
  /**
   * HTTP connections of this client's own pool, default 16. Two clients share none, so that a worker's ticks never wait
   * behind its commits.
   */
  connections?: number;
  /** How long an answer may take when a call names no limit of its own; default 10,000. */
  timeoutMs?: number;
}

/** Opens a client with its own keep-alive pool. Keeps no login, so one value may serve every tenant. */
export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  const { url, secretKey, connections = 16, timeoutMs = 10_000 } = options;
  const dispatcher = new Agent({
    connections,
    keepAliveTimeout: 30_000,
    connect: { timeout: Math.min(timeoutMs, 3_000) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const fetchThroughPool = (input: unknown, init: object = {}) =>
    pooledFetch(input as Parameters<typeof pooledFetch>[0], { ...init, dispatcher });
  return createClient(url, secretKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: fetchThroughPool as unknown as typeof fetch },
  });
}

export interface CallOptions<Result> {
  signal?: AbortSignal;
  timeoutMs?: number;
  /** Parses what the function returned; a mismatch is `internal`. */
  schema?: z.ZodType<Result>;
}

/** What the database or its API answered, kept as the cause of an AppError. `sqlState` is null when it never answered. */
export class DatabaseFault extends Error {
  readonly sqlState: string | null;
  readonly status: number;
  readonly hint: string | null;

  constructor(message: string, facts: { sqlState: string | null; status: number; hint: string | null }) {
    super(message);
    this.name = "DatabaseFault";
    this.sqlState = facts.sqlState;
    this.status = facts.status;
    this.hint = facts.hint;
  }
}

/**
 * Calls one SQL function. Throws AppError: `unavailable` when the database is unreachable, too slow, restarting or gave
 * up on a deadlock, so that the same call may succeed later; `internal` for everything else, the cause a DatabaseFault.
 * When the caller's own signal aborts, its reason is thrown as it is.
 */
export async function callFunction<Result = unknown>(
  client: ServiceClient,
  name: string,
  args: Record<string, unknown>,
  { signal, timeoutMs, schema }: CallOptions<Result> = {},
): Promise<Result> {
  let call = client.rpc(name, args);
  const limits = [signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)].filter(
    (limit) => limit !== undefined,
  );
  if (limits.length > 0) call = call.abortSignal(limits.length === 1 ? limits[0]! : AbortSignal.any(limits));
  const answer = await call;
  if (answer.error !== null) {
    signal?.throwIfAborted();
    throw describeFailure(name, answer.status, answer.error);
  }
  if (schema === undefined) return answer.data as Result;
  const parsed = schema.safeParse(answer.data);
  if (parsed.success) return parsed.data;
  throw new AppError("internal", `The database function ${name} returned something unexpected`, {
    cause: parsed.error,
  });
}

/** SQLSTATE classes after which the same call may succeed: connection, resources, operator intervention; and two codes. */
const passingClasses = new Set(["08", "53", "57"]);
const passingStates = new Set(["40001", "40P01", "55P03"]);

function describeFailure(
  name: string,
  status: number,
  error: { message: string; details?: string | null; hint?: string | null; code?: string | null },
): AppError {
  const sqlState = error.code && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
  const cause = new DatabaseFault([error.message, error.details].filter(Boolean).join("\n"), {
    sqlState,
    status,
    hint: error.hint || null,
  });
  const passing =
    sqlState === null
      ? status === 0 || status >= 500 || status === 429
      : passingClasses.has(sqlState.slice(0, 2)) || passingStates.has(sqlState);
  return passing
    ? new AppError("unavailable", "The database is away or too busy", { cause, retryAfterSeconds: 2 })
    : new AppError("internal", `The database function ${name} failed: ${error.message}`, { cause });
}
