import { mintUuid } from "@flotilla/shared/contract/ids";
import { createLogger } from "@flotilla/shared/runtime/logger";
import { openRedis, closeRedis } from "@flotilla/shared/runtime/redis";
import { callFunction, createServiceClient } from "@flotilla/shared/runtime/supabase";
import { readHeads, ringBell } from "@flotilla/shared/runtime/event-log";
import type { TestStack } from "@flotilla/shared/testing/fixtures";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const Memberships = z.array(z.object({ tenant_id: z.uuid() }));
const Created = z.object({ session: z.object({ id: z.uuid() }) });
const Heads = z.record(z.uuid(), z.int());
const mainFile = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export type Replica = Awaited<ReturnType<typeof startReplica>>;

/** One realtime replica as a process of its own, as in production, so that it can be killed. */
export async function startReplica(stack: TestStack, overrides: Record<string, string> = {}) {
  const environment = {
    PORT: "0",
    REDIS_URL: stack.redisUrl,
    SUPABASE_URL: stack.supabaseUrl,
    SUPABASE_SECRET_KEY: stack.secretKey,
    SUPABASE_JWT_SECRET: stack.jwtSecret,
    DRAIN_MS: "200",
    ...overrides,
  };
  const child = spawn(process.execPath, [mainFile], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, "close").then(([code]) => code as number | null);
  const records = () =>
    output
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { msg: string; level: string } & Record<string, unknown>);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };
  const listens = waitFor(() => /ws:\/\/(127\.0\.0\.1:\d+)/.exec(output)?.[1], {
    describe: "the replica to listen",
    timeoutMs: 40_000,
  });
  const url = await Promise.race([listens.catch(() => null), exited.then(() => null)]);
  if (url === null) {
    await end("SIGKILL");
    throw new Error(`the replica did not start: ${output}`);
  }
  return {
    url: `http://${url}`,
    output: () => output,
    records,
    messages: () => records().map(({ msg }) => msg),
    kill: () => end("SIGKILL"),
    terminate: () => end("SIGTERM"),
    [Symbol.asyncDispose]: async () => void (await end("SIGKILL")),
  };
}

/** Plays the parts of the API and the workers: appends to the log, rings the bell, makes sessions. */
export function openBackOffice(stack: TestStack) {
  const client = createServiceClient({ url: stack.supabaseUrl, secretKey: stack.secretKey });
  const logger = createLogger({ service: "test", level: "silent" });
  const redis = openRedis({ url: stack.redisUrl, role: "command", service: "test", logger });
  return {
    client,
    redis,
    async tenantOf(userId: string): Promise<string> {
      const rows = await callFunction(client, "member_tenants_of", { p_user: userId }, { schema: Memberships });
      return rows[0]!.tenant_id;
    },
    async createSession(tenant: string, name: string): Promise<string> {
      const session = { id: mintUuid(), name, network: "simulated", shard: 1, start: false };
      const made = await callFunction(client, "create_session", { p_tenant: tenant, p: session }, { schema: Created });
      return made.session.id;
    },
    /** Appends events; `bell: false` leaves the replicas to their poll. */
    async append(tenant: string, events: readonly Partial<LogEntry>[], { bell = true } = {}): Promise<number> {
      const entries = events.map((event) => ({ ...defaultEntry, ...event, tenant_id: tenant }));
      const heads = await callFunction(client, "append_events", { p_events: entries }, { schema: Heads });
      const head = heads[tenant]!;
      if (bell) await ringBell(redis, tenant, head);
      return head;
    },
    headOf: async (tenant: string) => (await readHeads(client, [tenant])).get(tenant)!,
    [Symbol.asyncDispose]: () => closeRedis(redis),
  };
}

interface LogEntry {
  type: string;
  session: { id: string; name: string; phone: string | null } | null;
  subject: string;
  data: Record<string, unknown>;
}
const defaultEntry: LogEntry = {
  type: "campaign.created",
  session: null,
  subject: "0198c0de-7a00-7000-8000-000000000000",
  data: { campaign_id: "0198c0de-7a00-7000-8000-000000000000", name: "spring" },
};
