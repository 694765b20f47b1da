import { createClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Campaign } from "../src/contract/http-campaigns.ts";
import { Envelope, parseEventData } from "../src/contract/events.ts";
import { Message } from "../src/contract/http-messages.ts";
import { Session } from "../src/contract/http-sessions.ts";
import { mintUuid } from "../src/contract/ids.ts";
import { openTestStack, type TestMember, type TestStack } from "../src/testing/fixtures.ts";

let stack: TestStack;
let member: TestMember;
let tenant: string;
const worker = "worker-a";

beforeAll(async () => {
  stack = await openTestStack();
  member = await stack.signUp();
  const memberships = await call<{ tenant_id: string; role: string }[]>("member_tenants_of", { p_user: member.userId });
  tenant = memberships[0]!.tenant_id;
});
afterAll(() => stack[Symbol.asyncDispose]());

async function call<Result>(name: string, args: Record<string, unknown>): Promise<Result> {
  const client = createClient(stack.supabaseUrl, stack.secretKey, { auth: { persistSession: false } });
  const { data, error } = await client.rpc(name, args);
  if (error) throw new Error(`${name}: ${JSON.stringify(error)}`);
  return data as Result;
}

const tick = (id = worker, more: Record<string, unknown> = {}) =>
  call<{ owned: { shard: number; epoch: number; clean: boolean; sessions: number }[]; revoke: number[] }>(
    "worker_tick",
    {
      p: {
        worker: id,
        ttl_ms: 60_000,
        capacity: 300,
        draining: false,
        rejoin: false,
        loads: {},
        max_moves: 8,
        settle_ms: 0,
        ...more,
      },
    },
  );

async function createSession(name: string) {
  const id = mintUuid();
  const answer = await call<{ session: unknown; shard: number }>("create_session", {
    p_tenant: tenant,
    p: { id, name, network: "simulated", shard: 5, start: true, metadata: {} },
  });
  return { id, shard: answer.shard, session: Session.parse(answer.session) };
}

let commitNo = 0;
async function commit(items: Record<string, unknown>, epoch: number, more: Record<string, unknown> = {}) {
  commitNo += 1;
  return await call<{
    fenced: number[];
    already: number[];
    refused: { id: string; reason: string }[];
    inbound_new: string[];
    heads: object;
  }>("commit_group", {
    p: { worker, commit_no: commitNo, shards: [{ shard: 5, epoch }], ...items, ...more },
  });
}

const outbound = (session: string, phone: string, more: Record<string, unknown> = {}) => ({
  index: 0,
  id: mintUuid(),
  session,
  jid: `${phone}@s.whatsapp.net`,
  phone: `+${phone}`,
  input: phone,
  type: "text",
  content: { body: "hello" },
  category: "service",
  ttl_s: 3600,
  on_unknown: "resend_same_id",
  metadata: {},
  ...more,
});

describe("a message's way through the database", () => {
  test("accepted, held while offline, claimed, sent, read, and every step is an event in order", async () => {
    const { id, session } = await createSession("way");
    expect(session.status).toBe("starting");
    const epoch = (await tick()).owned.find((lease) => lease.shard === 5)!.epoch;

    const row = outbound("way", "5511999990001", { client_ref: "order-1", content_hash: "x" });
    const accepted = await call<{
      results: { outcome: string; status: string }[];
      messages: Record<string, unknown>;
      wakes: unknown[];
    }>("accept_messages", {
      p_tenant: tenant,
      p: { atomic: false, rows: [row] },
    });
    expect(accepted.results[0]).toMatchObject({ outcome: "accepted", status: "held" });
    const message = Message.parse(accepted.messages[row.id]);
    expect(message.wa_message_id).toMatch(/^3EB0[0-9A-F]{18}$/);
    expect(accepted.wakes).toEqual([{ session_id: id, shard: 5, lane: 0 }]);

    const again = await call<typeof accepted>("accept_messages", {
      p_tenant: tenant,
      p: { rows: [{ ...row, id: mintUuid() }] },
    });
    expect(again.results[0]).toMatchObject({ outcome: "duplicate", id: row.id });

    await commit(
      {
        sessions: [
          {
            shard: 5,
            session_id: id,
            auth_state: "sealed",
            paired: true,
            phone: "+5511888880000",
            status: "connected",
          },
        ],
      },
      epoch,
    );
    const read = await call<{ rows: { id: string; seq: number }[] }>("read_lanes", {
      p_requests: [{ session_id: id, lane: 0, after_seq: 0, limit: 10 }],
    });
    expect(read.rows.map((found) => found.id)).toEqual([row.id]);

    expect((await commit({ claims: [{ shard: 5, id: row.id }] }, epoch)).refused).toEqual([]);
    expect((await commit({ claims: [{ shard: 5, id: row.id }] }, epoch)).refused).toEqual([
      { id: row.id, reason: "sending" },
    ]);
    await commit({ marks: [{ shard: 5, id: row.id, status: "sent" }] }, epoch);
    const receipts = ["read", "delivered"].map((status) => ({
      shard: 5,
      session_id: id,
      wa_message_id: message.wa_message_id,
      status,
      at_ms: Date.now(),
    }));
    await commit({ receipts }, epoch);
    const now = Message.parse(await call("get_message", { p_tenant: tenant, p_message: row.id }));
    expect(now).toMatchObject({ status: "read" });
    expect(now.delivered_at).not.toBeNull();

    const log = await call<{ head: number; events: unknown[] }>("read_events", {
      p_tenant: tenant,
      p_after: 0,
      p_limit: 100,
    });
    const events = log.events.map((event) => Envelope.parse(event));
    for (const event of events) parseEventData(event.type, event.data);
    expect(events.map((event) => event.sequence)).toEqual(events.map((_, index) => index + 1));
    expect(events.map((event) => event.type)).toEqual([
      "session.created",
      "message.accepted",
      "session.paired",
      "session.status_changed",
      "message.status_changed",
      "message.status_changed",
    ]);
  });

  test("an inbound message is stored once, whoever repeats it, and a reply by hidden identity is the same person", async () => {
    const { id } = await createSession("inbound");
    const epoch = (await tick()).owned.find((lease) => lease.shard === 5)!.epoch;
    await call("accept_messages", { p_tenant: tenant, p: { rows: [outbound("inbound", "5511999990002")] } });
    const inbound = (waId: string) => ({
      shard: 5,
      tenant_id: tenant,
      session_id: id,
      id: mintUuid(),
      jid: "777@lid",
      alt_jid: "5511999990002@s.whatsapp.net",
      phone: "+5511999990002",
      lid: "777@lid",
      wa_message_id: waId,
      type: "text",
      content: { body: "hi" },
      push_name: "Ana",
      at_ms: Date.now(),
      delayed: false,
    });
    const first = inbound("AAA");
    expect((await commit({ inbound: [first] }, epoch)).inbound_new).toEqual([first.id]);
    expect((await commit({ inbound: [inbound("AAA"), inbound("BBB")] }, epoch)).inbound_new).toHaveLength(1);
    const chats = await call<{ data: { unread: number; party: { phone: string; lid: string } }[] }>("list_chats", {
      p_tenant: tenant,
      p: { limit: 10, session: id },
    });
    expect(chats.data).toHaveLength(1);
    expect(chats.data[0]).toMatchObject({ unread: 2, party: { phone: "+5511999990002", lid: "777@lid" } });
  });
});

describe("the fence", () => {
  test("a commit of an old epoch is answered fenced and changes nothing; a repeat of a commit changes nothing", async () => {
    const { id } = await createSession("fenced");
    const epoch = (await tick()).owned.find((lease) => lease.shard === 5)!.epoch;
    const stale = await commit({ sessions: [{ shard: 5, session_id: id, auth_state: "stolen" }] }, epoch - 1);
    expect(stale.fenced).toEqual([5]);
    const key = { shard: 5, session_id: id, tenant_id: tenant, type: "session", key_id: "1", value: "a" };
    await commit({ keys: [key] }, epoch);
    const repeat = await commit({ keys: [{ ...key, value: "b" }] }, epoch, { commit_no: commitNo - 1 });
    expect(repeat.already).toEqual([5]);
    const keys = await call<{ value: string }[]>("load_signal_keys", {
      p_requests: [{ session_id: id, type: "session", key_ids: ["1"] }],
    });
    expect(keys.map((found) => found.value)).toEqual(["a"]);
    const loaded = await call<{ auth_state: string | null }[]>("load_sessions", { p_shards: [5], p_sessions: [id] });
    expect(loaded[0]!.auth_state).toBeNull();
  });

  test("a worker that was silent for its lease loses its shards to another, with a higher epoch", async () => {
    const before = (await tick()).owned.find((lease) => lease.shard === 5)!;
    await tick(worker, { ttl_ms: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const taken = (await tick("worker-b")).owned.find((lease) => lease.shard === 5)!;
    expect(taken.epoch).toBe(before.epoch + 1);
    expect(taken.clean).toBe(false);
    await call("leave_fleet", { p_worker: "worker-b" });
    expect((await tick()).owned.find((lease) => lease.shard === 5)!.epoch).toBe(before.epoch + 2);
  });

  test("two workers share, and the fuller one is asked to hand over", async () => {
    await tick();
    for (let index = 0; index < 4; index++) {
      await call("create_session", {
        p_tenant: tenant,
        p: {
          id: mintUuid(),
          name: `share-${index}`,
          network: "simulated",
          shard: 10 + index,
          start: true,
          metadata: {},
        },
      });
    }
    await tick("worker-c");
    const mine = await tick(worker, { loads: { 5: 1, 10: 1, 11: 1, 12: 1, 13: 1 } });
    expect(mine.revoke.length).toBeGreaterThan(0);
    expect(mine.revoke.length).toBeLessThanOrEqual(8);
    await call("leave_fleet", { p_worker: "worker-c" });
  });
});

describe("a campaign", () => {
  test("counts every line in one place, releases, pauses, cancels, and its totals always add up", async () => {
    await createSession("camp");
    await tick();
    const id = mintUuid();
    const created = await call<{ campaign: unknown }>("create_campaign", {
      p_tenant: tenant,
      p: {
        id,
        name: "News",
        category: "utility",
        content: { type: "text", text: { body: "Hi {{name}}" } },
        sessions: ["camp"],
        ttl_s: 3600,
        on_unknown: "resend_same_id",
      },
    });
    expect(Campaign.parse(created.campaign).status).toBe("draft");
    const part = await call<{ part: number }>("open_campaign_part", { p_tenant: tenant, p_campaign: id, p_part: null });
    expect(part.part).toBe(1);
    const line = (number: number, phone: string) => ({
      line: number,
      jid: `${phone}@s.whatsapp.net`,
      phone: `+${phone}`,
      input: phone,
      body: `Hi ${number}`,
    });
    const rows = [line(1, "5511000000001"), line(2, "5511000000002"), line(3, "5511000000001")];
    const errors = [{ line: 4, code: "invalid_address", message: "not a number", value: "abc" }];
    const result = await call<object>("add_recipients", {
      p_tenant: tenant,
      p_campaign: id,
      p_part: 1,
      p_rows: rows,
      p_errors: errors,
    });
    expect(result).toMatchObject({ received: 4, accepted: 2, duplicate: 1, invalid: 1 });

    const reopened = await call<{ complete: boolean }>("open_campaign_part", {
      p_tenant: tenant,
      p_campaign: id,
      p_part: 1,
    });
    expect(reopened.complete).toBe(false);
    await call("add_recipients", { p_tenant: tenant, p_campaign: id, p_part: 1, p_rows: rows, p_errors: errors });
    await call("close_campaign_part", { p_tenant: tenant, p_campaign: id, p_part: 1, p_digest: "d" });

    const totals = async () => {
      const campaign = Campaign.parse(await call("get_campaign", { p_tenant: tenant, p_campaign: id }));
      const { received, ...places } = campaign.totals;
      expect(Object.values(places).reduce((sum, n) => sum + n, 0)).toBe(received);
      return campaign;
    };
    expect((await totals()).totals).toMatchObject({ received: 4, planned: 2, duplicate: 1, invalid: 1 });
    await call("control_campaign", { p_tenant: tenant, p_campaign: id, p_request: "start", p_request_id: null });
    const step = await call<{ status: string; wakes: unknown[]; again_ms: number }>("campaign_step", {
      p_campaign: id,
      p_window: 1,
    });
    expect(step).toMatchObject({ status: "running", again_ms: 500 });
    expect((await totals()).totals).toMatchObject({ planned: 1, held: 1 });
    await call("campaign_step", { p_campaign: id, p_window: 1 });
    expect((await totals()).totals).toMatchObject({ planned: 1, held: 1 });
    await call("control_campaign", { p_tenant: tenant, p_campaign: id, p_request: "pause", p_request_id: null });
    await call("control_campaign", { p_tenant: tenant, p_campaign: id, p_request: "cancel", p_request_id: null });
    expect(await totals()).toMatchObject({ status: "canceled", totals: { canceled: 2, planned: 0, held: 0 } });
    await call("upkeep_pass", {});
    await totals();
  });
});

describe("idempotency", () => {
  test("the same key and body give the first answer, another body is refused", async () => {
    const request = (bodyHash: string, name: string) =>
      call<Record<string, unknown>>("create_session", {
        p_tenant: tenant,
        p: {
          id: mintUuid(),
          name,
          network: "simulated",
          shard: 6,
          start: false,
          metadata: {},
          idempotency: { route: "POST /v1/sessions", key: "k1", body_hash: bodyHash, ttl_s: 60 },
        },
      });
    const first = await request("a", "idem");
    const second = await request("a", "idem");
    expect(second["session"]).toEqual(first["session"]);
    expect(second["replayed"]).toBe(true);
    expect(await request("b", "other")).toEqual({ problem: "idempotency_key_reused" });
  });
});

test("whoever signs up owns a tenant of their own", async () => {
  const memberships = await call<{ tenant_id: string; role: string }[]>("member_tenants_of", { p_user: member.userId });
  expect(memberships).toMatchObject([{ tenant_id: tenant, role: "owner" }]);
});

describe("row-level security", () => {
  const clientTables = [
    "tenants",
    "tenant_members",
    "tenant_event_heads",
    "tenant_events",
    "contacts",
    "contact_aliases",
    "chats",
    "whatsapp_messages",
    "campaigns",
    "campaign_parts",
    "campaign_recipients",
    "campaign_line_errors",
  ];
  const hiddenTables = [
    "whatsapp_signal_keys",
    "shards",
    "workers",
    "installation",
    "idempotency_keys",
    "message_lanes",
    "message_keys",
    "message_refs",
    "shard_commits",
    "campaign_totals",
  ];

  test("a member sees rows of the own tenant and none of another's, and changes nothing", async () => {
    const stranger = await stack.signUp();
    const as = (token: string) =>
      createClient(stack.supabaseUrl, stack.publishableKey, {
        global: { headers: { Authorization: `Bearer ${token}` } },
        auth: { persistSession: false },
      });
    for (const table of clientTables) {
      const key = table === "tenants" ? "id" : "tenant_id";
      const mine = await as(member.accessToken).from(table).select(key).eq(key, tenant).limit(5);
      expect(mine.error, table).toBeNull();
      expect(mine.data!.length, table).toBeGreaterThan(0);
      const theirs = await as(stranger.accessToken).from(table).select(key).eq(key, tenant);
      expect(theirs.data ?? [], table).toEqual([]);
      const write = await as(member.accessToken).from(table).delete().eq(key, tenant);
      expect(write.error, table).not.toBeNull();
    }
    for (const table of hiddenTables) {
      const look = await as(member.accessToken).from(table).select("*").limit(1);
      expect(look.error, table).not.toBeNull();
    }
  });

  test("the credentials of a session are readable by no member, its own included", async () => {
    const client = createClient(stack.supabaseUrl, stack.publishableKey, {
      global: { headers: { Authorization: `Bearer ${member.accessToken}` } },
      auth: { persistSession: false },
    });
    const visible = await client.from("whatsapp_sessions").select("id,name,status").limit(3);
    expect(visible.error).toBeNull();
    expect(visible.data!.length).toBeGreaterThan(0);
    expect((await client.from("whatsapp_sessions").select("auth_state").limit(1)).error).not.toBeNull();
    for (const name of ["commit_group", "worker_tick", "load_sessions", "append_events", "accept_messages"]) {
      const refused = await client.rpc(name, name === "load_sessions" ? { p_shards: [5] } : { p: {} });
      expect(refused.error, name).not.toBeNull();
    }
  });
});
