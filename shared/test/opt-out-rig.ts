import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { expect } from "vitest";
import { mintUuid } from "../src/contract/ids.ts";
import { openTestStack } from "../src/testing/fixtures.ts";

interface Answer {
  refused: { id: string; reason: string }[];
  fenced: number[];
}

const shard = 7;

/** A tenant with one connected session, and what its people, members and workers do, as calls of SQL functions. */
export async function openOptOutRig() {
  const stack = await openTestStack();
  const member = await stack.signUp();
  const [membership] = await call<{ tenant_id: string }[]>("member_tenants_of", { p_user: member.userId });
  const tenant = membership!.tenant_id;
  const look = connect();
  let people = 0;
  let commitNo = 0;
  const id = mintUuid();
  await call("create_session", {
    p_tenant: tenant,
    p: { id, name: "shop", network: "simulated", shard, start: true, metadata: {} },
  });
  const { owned } = await call<{ owned: { shard: number; epoch: number }[] }>("worker_tick", {
    p: {
      worker: "w",
      ttl_ms: 600_000,
      capacity: 300,
      draining: false,
      rejoin: false,
      loads: {},
      max_moves: 8,
      settle_ms: 0,
    },
  });
  const { epoch } = owned.find((lease) => lease.shard === shard)!;
  const commit = (items: Record<string, unknown>) =>
    call<Answer>("commit_group", { p: { worker: "w", commit_no: ++commitNo, shards: [{ shard, epoch }], ...items } });
  const session = { id, commit };
  await commit({ sessions: [{ shard, session_id: id, status: "connected" }] });

  /** One connection past the API: for looking, and for holding a transaction open. */
  function connect() {
    const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });
    return {
      query: async <Row>(text: string, values: postgres.ParameterOrJSON<never>[] = []): Promise<Row[]> =>
        (await sql.unsafe(text, values)) as unknown as Row[],
      end: () => sql.end(),
    };
  }

  async function call<Result>(name: string, args: Record<string, unknown>): Promise<Result> {
    const client = createClient(stack.supabaseUrl, stack.secretKey, { auth: { persistSession: false } });
    const { data, error } = await client.rpc(name, args);
    if (error) throw new Error(`${name}: ${error.code} ${error.message}`);
    return data as Result;
  }

  const somebody = (): string => `55117${String(++people).padStart(8, "0")}`;
  const jidOf = (phone: string): string => `${phone}@s.whatsapp.net`;

  async function send(phone: string, more: Record<string, unknown> = {}) {
    const row = {
      index: 0,
      id: mintUuid(),
      session: "shop",
      jid: jidOf(phone),
      phone: `+${phone}`,
      input: phone,
      type: "text",
      content: { body: "x" },
      category: "service",
      ttl_s: 3_600,
      ...more,
    };
    const { results } = await call<{ results: { outcome: string; code?: string; id?: string }[] }>("accept_messages", {
      p_tenant: tenant,
      p: { rows: [row] },
    });
    return { id: row.id, ...results[0]! };
  }

  const inbound = (phone: string, optOut: "stop" | "start" | null, more: Record<string, unknown> = {}) => ({
    shard,
    tenant_id: tenant,
    session_id: session.id,
    id: mintUuid(),
    jid: jidOf(phone),
    phone: `+${phone}`,
    chat: jidOf(phone),
    participant: "",
    wa_message_id: mintUuid(),
    type: "text",
    content: { body: optOut ?? "hello" },
    at_ms: Date.now(),
    ...(optOut === null ? {} : { opt_out: { kind: optOut, keyword: optOut, confirmation: "You will hear no more." } }),
    ...more,
  });
  const says = (phone: string, word: "stop" | "start", more: Record<string, unknown> = {}) =>
    session.commit({ inbound: [inbound(phone, word, more)] });
  const claim = async (id: string, resend = false) =>
    (await session.commit({ claims: [{ shard, id, resend }] })).refused.map(({ reason }) => reason);

  async function statusOf(id: string): Promise<string> {
    const [row] = await look.query<{ status: string; status_reason: string | null }>(
      "select status, status_reason from whatsapp_messages where id = $1",
      [id],
    );
    return [row!.status, row!.status_reason].filter((part) => part !== null).join(" ");
  }

  const listed = async (phone: string): Promise<{ id: string; reason: string; scope: string }[]> => {
    const { data } = await call<{ data: { id: string; reason: string; scope: string; address: { phone: string } }[] }>(
      "list_suppressions",
      { p_tenant: tenant, p: { limit: 200 } },
    );
    return data.filter(({ address }) => address.phone === `+${phone}`);
  };
  const add = (phone: string, more: Record<string, unknown> = {}) =>
    call<{ added: number; canceled: number }>("add_suppression", {
      p_tenant: tenant,
      p: { jid: jidOf(phone), phone: `+${phone}`, scope: "all", reason: "member", created_by: "me", ...more },
    });

  async function openCampaign(phones: string[], start = true) {
    const id = mintUuid();
    const about = { p_tenant: tenant, p_campaign: id };
    await call("create_campaign", {
      p_tenant: tenant,
      p: {
        id,
        name: id,
        category: "utility",
        content: { type: "text", text: { body: "Hi" } },
        sessions: [session.id],
        ttl_s: 3_600,
        on_unknown: "resend_same_id",
      },
    });
    await call("open_campaign_part", { ...about, p_part: null });
    const rows = phones.map((phone, n) => ({
      line: n + 1,
      jid: jidOf(phone),
      phone: `+${phone}`,
      input: phone,
      body: "Hi",
    }));
    const part = await call<Record<string, number>>("add_recipients", {
      ...about,
      p_part: 1,
      p_rows: rows,
      p_errors: [],
    });
    await call("close_campaign_part", { ...about, p_part: 1, p_digest: "d" });
    if (start) await call("control_campaign", { ...about, p_request: "start", p_request_id: null });
    return {
      id,
      part,
      step: (window = 100) => call<{ status: string }>("campaign_step", { p_campaign: id, p_window: window }),
      async totals(): Promise<Record<string, number>> {
        const totals = await call<Record<string, number>>("campaign_totals_json", { p_campaign: id });
        const { received, ...places } = totals;
        expect(Object.values(places).reduce((sum, n) => sum + n, 0)).toBe(received);
        return Object.fromEntries(Object.entries(totals).filter(([, n]) => n !== 0));
      },
    };
  }

  return {
    tenant,
    session,
    shard,
    look,
    connect,
    call,
    somebody,
    jidOf,
    send,
    inbound,
    says,
    claim,
    statusOf,
    listed,
    add,
    openCampaign,
    async [Symbol.asyncDispose]() {
      await look.end();
      await stack[Symbol.asyncDispose]();
    },
  };
}
