import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mintUuid } from "../src/contract/ids.ts";
import { openTestStack, type TestStack } from "../src/testing/fixtures.ts";
import { waitFor } from "../src/testing/wait-for.ts";

let stack: TestStack;
let tenant: string;
let look: ReturnType<typeof connect>;
let commitNo = 0;

beforeAll(async () => {
  stack = await openTestStack();
  const member = await stack.signUp();
  const [membership] = await call<{ tenant_id: string }[]>("member_tenants_of", { p_user: member.userId });
  tenant = membership!.tenant_id;
  look = connect();
});
afterAll(async () => {
  await look.end();
  await stack[Symbol.asyncDispose]();
});

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

const tick = (worker: string) =>
  call<{ owned: { shard: number; epoch: number; clean: boolean }[] }>("worker_tick", {
    p: { worker, ttl_ms: 60_000, capacity: 300, draining: false, rejoin: false, loads: {}, max_moves: 8, settle_ms: 0 },
  });

async function openSession(name: string, shard: number) {
  const id = mintUuid();
  await call("create_session", {
    p_tenant: tenant,
    p: { id, name, network: "simulated", shard, start: true, metadata: {} },
  });
  const epoch = (await tick("w")).owned.find((lease) => lease.shard === shard)!.epoch;
  const commit = (items: Record<string, unknown>) =>
    call<{ heads: object; fenced: number[]; refused: { id: string; reason: string }[] }>("commit_group", {
      p: { worker: "w", commit_no: ++commitNo, shards: [{ shard, epoch }], ...items },
    });
  await commit({ sessions: [{ shard, session_id: id, status: "connected" }] });
  return { id, shard, epoch, commit };
}

const rowsTo = (session: string, phones: string[]) =>
  phones.map((phone, index) => ({
    index,
    id: mintUuid(),
    session,
    jid: `${phone}@s.whatsapp.net`,
    phone: `+${phone}`,
    input: phone,
    type: "text",
    content: { body: "x" },
    category: "service",
    ttl_s: 3_600,
    on_unknown: "resend_same_id",
    metadata: {},
  }));

async function accept(session: string, phones: string[]): Promise<string[]> {
  const rows = rowsTo(session, phones);
  await call("accept_messages", { p_tenant: tenant, p: { rows } });
  return rows.map(({ id }) => id);
}

const phones = Array.from({ length: 30 }, (_, n) => `55118000${String(n).padStart(5, "0")}`);
const shuffled = <Item>(list: Item[]): Item[] =>
  list
    .map((item) => [Math.random(), item] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item);

/** A campaign to everybody, started and released. Returns its id and those of its messages, in no order. */
async function openCampaign(
  session: string,
): Promise<{ about: { p_tenant: string; p_campaign: string }; ids: string[] }> {
  const id = mintUuid();
  const about = { p_tenant: tenant, p_campaign: id };
  const content = { type: "text", text: { body: "Hi" } };
  await call("create_campaign", {
    p_tenant: tenant,
    p: { id, name: id, category: "utility", content, sessions: [session], ttl_s: 3_600, on_unknown: "resend_same_id" },
  });
  await call("open_campaign_part", { ...about, p_part: null });
  const rows = phones.map((phone, line) => ({
    line: line + 1,
    jid: `${phone}@s.whatsapp.net`,
    phone: `+${phone}`,
    input: phone,
    body: "Hi",
  }));
  await call("add_recipients", { ...about, p_part: 1, p_rows: rows, p_errors: [] });
  await call("close_campaign_part", { ...about, p_part: 1, p_digest: "d" });
  await call("control_campaign", { ...about, p_request: "start", p_request_id: null });
  await call("campaign_step", { p_campaign: id, p_window: 100 });
  const found = await look.query<{ id: string }>(
    "select id from whatsapp_messages where campaign_id = $1 and status = 'queued' order by random()",
    [id],
  );
  const ids = found.map((row) => row.id);
  expect(ids).toHaveLength(phones.length);
  return { about, ids };
}

/** How often Postgres had to break a circle of waits in this database. */
async function deadlocks(): Promise<number> {
  await look.query("select pg_stat_force_next_flush()");
  await look.query("select pg_stat_clear_snapshot()");
  const rows = await look.query<{ deadlocks: string }>(
    "select deadlocks from pg_stat_database where datname = current_database()",
  );
  return Number(rows[0]!.deadlocks);
}

test("accepting to many chats, and hearing from the same people in another order, never wait in a circle", async () => {
  const session = await openSession("circle", 3);
  await accept("circle", phones);
  const inbound = (phone: string) => ({
    shard: 3,
    tenant_id: tenant,
    session_id: session.id,
    id: mintUuid(),
    jid: `${phone}@s.whatsapp.net`,
    wa_message_id: mintUuid(),
    type: "text",
    content: { body: "hi" },
    at_ms: Date.now(),
    delayed: false,
  });
  const round = async () => {
    await Promise.all([
      accept("circle", shuffled(phones)),
      session.commit({ inbound: shuffled(phones).map(inbound) }),
      accept("circle", shuffled(phones)),
    ]);
  };
  for (let n = 0; n < 12; n++) await round();
  expect(await deadlocks()).toBe(0);
});

test("a campaign that is canceled while its messages are claimed and marked never waits in a circle with the commits", async () => {
  const session = await openSession("cancel", 4);
  for (let n = 0; n < 6; n++) {
    const { about, ids } = await openCampaign("cancel");
    const claims = ids.slice(0, 15).map((message) => ({ shard: 4, id: message }));
    const marks = ids.slice(15).map((message) => ({ shard: 4, id: message, status: "failed", reason: "internal" }));
    await Promise.all([
      session.commit({ claims, marks }),
      call("control_campaign", { ...about, p_request: "cancel", p_request_id: null }),
    ]);
  }
  expect(await deadlocks()).toBe(0);
});

test("outcomes of a campaign's messages do not wait for the campaign's planner, nor for a worker that died in it", async () => {
  const session = await openSession("planned", 7);
  const { about, ids } = await openCampaign("planned");
  const planner = connect();
  await planner.query("begin");
  await planner.query("select campaign_step($1, 100)", [about.p_campaign]);
  // What it waits for at most 2 s is answered 55P03.
  const answer = await session.commit({ marks: [{ shard: 7, id: ids[0], status: "failed", reason: "internal" }] });
  expect(answer.fenced).toEqual([]);
  await planner.query("rollback");
  await planner.end();
});

test("a commit waits for nobody who holds a lane; the rows that it could not let go are let go by the sweep", async () => {
  const session = await openSession("lanes", 5);
  await session.commit({ sessions: [{ shard: 5, session_id: session.id, status: "reconnecting" }] });
  const [id] = await accept("lanes", [phones[0]!]);
  const status = async () =>
    (await look.query<{ status: string }>("select status from whatsapp_messages where id = $1", [id!]))[0]!.status;
  expect(await status()).toBe("held");
  const holder = connect();
  await holder.query("begin");
  await holder.query("select 1 from message_lanes where session_id = $1 for update", [session.id]);
  const begun = performance.now();
  await session.commit({ sessions: [{ shard: 5, session_id: session.id, status: "connected" }] });
  // Its lock_timeout is 2 s: a commit that waited could not have come back before.
  expect(performance.now() - begun).toBeLessThan(1_900);
  expect(await status()).toBe("held");
  await holder.query("rollback");
  await holder.end();
  await call("sweep_lanes", { p: { shards: [5], since: null } });
  expect(await status()).toBe("queued");
});

test("attempts are counted before a message is touched, one found on the wire becomes unknown, an outcome clears the count", async () => {
  const session = await openSession("careful", 8);
  const [queued, wire] = await accept("careful", [phones[0]!, phones[1]!]);
  const rowOf = async (id = "") =>
    (await look.query("select status, status_reason, attempts, deaths from whatsapp_messages where id = $1", [id]))[0];
  await session.commit({ claims: [{ shard: 8, id: wire }] });
  await session.commit({ counts: [queued, wire].map((id) => ({ shard: 8, id })) });
  expect(await rowOf(queued)).toMatchObject({ status: "queued", deaths: 1 });
  expect(await rowOf(wire)).toMatchObject({ status: "unknown", deaths: 1 });
  const inflight = await call<{ id: string; deaths: number }[]>("read_inflight", { p_sessions: [session.id] });
  expect(inflight).toMatchObject([{ id: wire, deaths: 1 }]);
  await session.commit({ claims: [{ shard: 8, id: wire, resend: true }], counts: [] });
  await session.commit({ marks: [{ shard: 8, id: wire, status: "sent" }] });
  expect(await rowOf(wire)).toMatchObject({ status: "sent", deaths: 0, attempts: 2 });
  // One that throws before it can claim stays queued: the attempt counts, and the wait is kept.
  const later = Date.now() + 60_000;
  await session.commit({ marks: [{ shard: 8, id: queued, status: "queued", not_before_ms: later }] });
  expect(await rowOf(queued)).toMatchObject({ status: "queued", deaths: 0, attempts: 1 });
  const read = await call<{ rows: { not_before_ms: number }[] }>("read_lanes", {
    p_requests: [{ session_id: session.id, lane: 0, after_seq: 0, limit: 10 }],
  });
  expect(read.rows[0]!.not_before_ms).toBe(later);
});

test("what a person resolved is not repeated, and evidence still lifts it", async () => {
  const session = await openSession("resolved", 9);
  const [id] = await accept("resolved", [phones[0]!]);
  await session.commit({ claims: [{ shard: 9, id }] });
  await session.commit({ marks: [{ shard: 9, id, status: "unknown" }] });
  const resolve = (as: string) =>
    call<{ message?: { wa_message_id: string }; problem?: string }>("resolve_message", {
      p_tenant: tenant,
      p_message: id,
      p_as: as,
      p_request_id: null,
    });
  const { message } = await resolve("assume_sent");
  const claim = () => session.commit({ claims: [{ shard: 9, id, resend: true }] });
  expect((await claim()).refused).toEqual([{ id, reason: "unknown" }]);
  await resolve("resend");
  expect((await claim()).refused).toEqual([]);
  await session.commit({ marks: [{ shard: 9, id, status: "unknown", reason: "awaiting_person" }] });
  await resolve("failed");
  const statusOf = async () =>
    (await look.query("select status, failure from whatsapp_messages where id = $1", [id!]))[0];
  expect(await statusOf()).toMatchObject({ status: "failed", failure: { code: "no_ack" } });
  const receipt = { shard: 9, session_id: session.id, wa_message_id: message!.wa_message_id, at_ms: Date.now() };
  await session.commit({ receipts: [{ ...receipt, status: "delivered" }] });
  expect(await statusOf()).toEqual({ status: "delivered", failure: null });
  expect((await resolve("resend")).problem).toBe("state_conflict");
});

test("that devices were asked for anew stays with a message through its next claim", async () => {
  const session = await openSession("devices", 10);
  const [id] = await accept("devices", [phones[0]!]);
  await session.commit({ claims: [{ shard: 10, id }] });
  await session.commit({ marks: [{ shard: 10, id, status: "queued", reason: "stale_devices" }] });
  await session.commit({ claims: [{ shard: 10, id }] });
  const inflight = await call<{ status_reason: string }[]>("read_inflight", { p_sessions: [session.id] });
  expect(inflight).toMatchObject([{ id, status: "sending", status_reason: "stale_devices" }]);
});

test("what came later in a chat waits for the row that was accepted while the session was offline", async () => {
  const session = await openSession("late", 77);
  const status = (value: string) =>
    session.commit({ sessions: [{ shard: session.shard, session_id: session.id, status: value }] });
  const queuedFor = async () => {
    const { rows } = await call<{ rows: { id: string }[] }>("read_lanes", {
      p_requests: [{ session_id: session.id, lane: 0, after_seq: 0, limit: 10, skip_chats: [] }],
    });
    return rows.map(({ id }) => id);
  };
  await status("reconnecting");
  // The accepting transaction sees no link; it ends only after the session has looked for such rows.
  const slow = connect();
  await slow.query("begin");
  await slow.query("select public.accept_messages($1, $2::text::jsonb)", [
    tenant,
    JSON.stringify({ rows: rowsTo(session.id, ["5511800099001"]) }),
  ] as never);
  const connected = status("connected");
  await waitFor(async () => (await look.query("select 1 from pg_locks where not granted")).length > 0, {
    describe: "the commit to wait for the log's head, past its look for rows",
  });
  await slow.query("commit");
  await Promise.all([slow.end(), connected]);
  const [first] = await look.query<{ id: string; status: string }>(
    `select id, status from public.whatsapp_messages where session_id = '${session.id}'`,
  );
  expect(first!.status).toBe("held");

  const [second, other] = await accept(session.id, ["5511800099001", "5511800099002"]);
  expect(await queuedFor()).toEqual([other]);
  await call("sweep_lanes", { p: { shards: [session.shard], since: null } });
  expect(await queuedFor()).toEqual([first!.id, second, other]);
});

test("a takeover steps over a shard whose commit is in flight, and takes it with the next heartbeat", async () => {
  await openSession("fence", 6);
  const committing = connect();
  await committing.query("begin");
  const lease = (await tick("w")).owned.find(({ shard }) => shard === 6)!;
  const p = { worker: "w", commit_no: ++commitNo, shards: [{ shard: 6, epoch: lease.epoch }] };
  const held = await committing.query<{ commit_group: { fenced: number[] } }>("select commit_group($1)", [p as never]);
  expect(held[0]!.commit_group.fenced).toEqual([]);
  await look.query("update workers set expires_at = clock_timestamp() - interval '1 second' where id = 'w'");
  const begun = performance.now();
  const first = (await tick("other")).owned;
  expect(performance.now() - begun).toBeLessThan(1_000);
  expect(first.map(({ shard }) => shard)).not.toContain(6);
  expect(first).toHaveLength(127);
  await committing.query("commit");
  await committing.end();
  const second = (await tick("other")).owned.find(({ shard }) => shard === 6);
  expect(second).toMatchObject({ epoch: lease.epoch + 1, clean: false });
  const late = await call<{ fenced: number[] }>("commit_group", { p: { ...p, commit_no: ++commitNo } });
  expect(late.fenced).toEqual([6]);
});
