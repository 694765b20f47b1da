import { mintUuid } from "@flotilla/shared/contract/ids";
import { createLogger } from "@flotilla/shared/runtime/logger";
import { callFunction, createServiceClient } from "@flotilla/shared/runtime/supabase";
import type { TestStack } from "@flotilla/shared/testing/fixtures";
import type { TickAnswer } from "../src/store-ports.ts";

export const silent = createLogger({ service: "test", level: "silent" });

/** What the API would do, and a look at the tables, for one tenant of a test stack. */
export async function openTenant(stack: TestStack) {
  const client = createServiceClient({ url: stack.supabaseUrl, secretKey: stack.secretKey });
  const member = await stack.signUp();
  const call = <Result>(name: string, args: Record<string, unknown>) => callFunction<Result>(client, name, args);
  const [membership] = await call<{ tenant_id: string }[]>("member_tenants_of", { p_user: member.userId });
  const tenant = membership!.tenant_id;

  return {
    client,
    tenant,
    call,
    async createSession(name: string, shard: number): Promise<string> {
      const id = mintUuid();
      await call("create_session", {
        p_tenant: tenant,
        p: { id, name, network: "simulated", shard, start: true, metadata: {} },
      });
      return id;
    },
    control: (session: string, request: string) =>
      call("control_session", { p_tenant: tenant, p_ref: session, p_request: request, p_request_id: null }),
    /** Accepts `count` texts, message n of them to `phone(n)`. Returns their ids in order. */
    async accept(session: string, count: number, phone: (n: number) => string, body?: string): Promise<string[]> {
      const rows = Array.from({ length: count }, (_, index) => ({
        index,
        id: mintUuid(),
        session,
        jid: `${phone(index)}@s.whatsapp.net`,
        phone: `+${phone(index)}`,
        input: phone(index),
        type: "text",
        content: { body: body ?? `text ${index}` },
        category: "service",
        ttl_s: 3_600,
        on_unknown: "resend_same_id",
        metadata: {},
      }));
      const answer = await call<{ results: { outcome: string }[] }>("accept_messages", {
        p_tenant: tenant,
        p: { rows },
      });
      const refused = answer.results.filter(({ outcome }) => outcome !== "accepted");
      if (refused.length > 0) throw new Error(`not accepted: ${JSON.stringify(refused)}`);
      return rows.map(({ id }) => id);
    },
    /** Makes and starts a campaign to `count` people; nobody is told of it but the rows. Returns its id. */
    async startCampaign(sessions: string[], count: number, phone: (n: number) => string): Promise<string> {
      const id = mintUuid();
      const about = { p_tenant: tenant, p_campaign: id };
      const content = { type: "text", text: { body: "Hi" } };
      await call("create_campaign", {
        p_tenant: tenant,
        p: { id, name: "News", category: "utility", content, sessions, ttl_s: 3_600, on_unknown: "resend_same_id" },
      });
      await call("open_campaign_part", { ...about, p_part: null });
      const rows = Array.from({ length: count }, (_, n) => ({
        line: n + 1,
        jid: `${phone(n)}@s.whatsapp.net`,
        phone: `+${phone(n)}`,
        input: phone(n),
        body: `Hi ${n}`,
      }));
      await call("add_recipients", { ...about, p_part: 1, p_rows: rows, p_errors: [] });
      await call("close_campaign_part", { ...about, p_part: 1, p_digest: "d" });
      await call("control_campaign", { ...about, p_request: "start", p_request_id: null });
      return id;
    },
    async sessionStatus(session: string): Promise<string> {
      const { data } = await client.from("whatsapp_sessions").select("status").eq("id", session).single();
      return (data as { status: string }).status;
    },
    /** How many outbound messages have each status. */
    async messageCounts(): Promise<Record<string, number>> {
      const { data } = await client.from("whatsapp_messages").select("status").eq("direction", "out").limit(10_000);
      const counts: Record<string, number> = {};
      for (const { status } of data as { status: string }[]) counts[status] = (counts[status] ?? 0) + 1;
      return counts;
    },
    tick: (worker: string, more: Record<string, unknown> = {}) =>
      call<TickAnswer>("worker_tick", {
        p: {
          worker,
          ttl_ms: 60_000,
          capacity: 300,
          draining: false,
          rejoin: false,
          loads: {},
          max_moves: 8,
          settle_ms: 0,
          ...more,
        },
      }),
  };
}

export type TestTenant = Awaited<ReturnType<typeof openTenant>>;
