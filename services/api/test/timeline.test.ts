import { Timeline } from "@flotilla/shared/contract/http-timeline";
import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aMessage, openRunningApi, type RunningApi } from "./running-api.ts";

let api: RunningApi;
let sql: Sql;
let session: string;
let shard: number;
let commitNo = 0;

async function tick(worker: string, more: Record<string, boolean | number> = {}): Promise<number> {
  const heartbeat = { worker, ttl_ms: 60_000, capacity: 300, draining: false, rejoin: false, loads: {}, max_moves: 0 };
  const [row] = await sql<{ answer: { owned: { shard: number; epoch: number }[] } }[]>`
    select public.worker_tick(${sql.json({ ...heartbeat, settle_ms: 0, ...more })}) as answer`;
  return row!.answer.owned.find((lease) => lease.shard === shard)?.epoch ?? 0;
}

async function commit(worker: string, epoch: number, items: Record<string, object[]>): Promise<void> {
  const rows = Object.entries(items).map(([name, list]) => [name, list.map((item) => ({ shard, ...item }))]);
  const group = { worker, commit_no: ++commitNo, shards: [{ shard, epoch }], ...Object.fromEntries(rows) };
  await sql`select public.commit_group(${sql.json(group as never)})`;
}

const send = async (more = {}): Promise<{ id: string; wa_message_id: string }> =>
  (await api.call("POST", "/v1/messages", { body: aMessage("told", more) })).body;
const timeline = async (id: string) => Timeline.parse((await api.call("GET", `/v1/messages/${id}/timeline`)).body);
const kinds = async (id: string) => (await timeline(id)).entries.map(({ kind }) => kind);
const online = (epoch: number) =>
  commit("worker-a", epoch, { sessions: [{ session_id: session, status: "connected" }] });

beforeAll(async () => {
  api = await openRunningApi();
  sql = postgres(api.stack.databaseUrl, { max: 1 });
  session = (await api.call("POST", "/v1/sessions", { body: { name: "told" } })).body.id;
  [{ shard }] = await sql<[{ shard: number }]>`select shard from public.whatsapp_sessions where id = ${session}`;
});
afterAll(async () => {
  await sql.end();
  await api[Symbol.asyncDispose]();
});

test("each step of a message is told with its cause, from held to read, and the sentence follows", async () => {
  const { id, wa_message_id } = await send();
  expect((await timeline(id)).explanation).toContain("its session is not connected");
  expect(await kinds(id)).toEqual(["accepted", "held"]);

  const epoch = await tick("worker-a");
  await online(epoch);
  expect((await timeline(id)).explanation).toContain("waits for its turn");
  await commit("worker-a", epoch, { claims: [{ id, resend: false }] });
  await commit("worker-a", epoch, { marks: [{ id, status: "sent" }] });
  const receipt = { session_id: session, wa_message_id, status: "read", at_ms: Date.now() };
  await commit("worker-a", epoch, { receipts: [receipt] });
  await commit("worker-a", epoch, { receipts: [{ ...receipt, status: "delivered" }] });

  const { explanation, entries } = await timeline(id);
  expect(explanation).toBe("The recipient has read it.");
  expect(entries.map(({ kind }) => kind)).toEqual(["accepted", "held", "queued", "claimed", "ack", "read"]);
  expect(entries[1]!.detail).toMatchObject({ reason: "session_offline", status: "held", worker_id: null });
  expect(entries[3]!.detail).toMatchObject({ worker_id: "worker-a", lease_epoch: epoch, attempt: 1 });
  expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).toSorted());
});

test("what was on the wire when its worker died is told: claimed, taken over, sent again with the same id", async () => {
  const epoch = await tick("worker-a");
  const { id } = await send();
  await commit("worker-a", epoch, { claims: [{ id, resend: false }] });
  await sql`update public.workers set expires_at = clock_timestamp() - interval '1 second' where id = 'worker-a'`;
  const next = await tick("worker-b");
  expect(next).toBe(epoch + 1);
  await commit("worker-b", next, { claims: [{ id, resend: true }] });
  await commit("worker-b", next, { marks: [{ id, status: "sent" }] });

  const { entries } = await timeline(id);
  expect(entries.map(({ kind, detail }) => [kind, detail.worker_id, detail.reason])).toEqual([
    ["accepted", null, null],
    ["claimed", "worker-a", null],
    ["taken_over", "worker-b", "expired"],
    ["resent", "worker-b", null],
    ["ack", null, null],
  ]);
  expect(entries[3]!.detail).toMatchObject({ attempt: 2, lease_epoch: next });
  await sql`delete from public.workers where id = 'worker-a'`;
  expect((await timeline(id)).entries[1]!.detail.worker_id).toBe("worker-a");
});

test("what was put off, failed, was canceled or ran out of time says why", async () => {
  const epoch = await tick("worker-b");
  const [failed, canceled, expired] = [await send(), await send(), await send()];
  await commit("worker-b", epoch, { claims: [{ id: failed.id, resend: false }] });
  const later = Date.now() + 3_600_000;
  await commit("worker-b", epoch, {
    marks: [{ id: failed.id, status: "queued", reason: "ack_503", not_before_ms: later }],
  });
  const waiting = await timeline(failed.id);
  expect(waiting.entries.at(-1)!).toMatchObject({ kind: "returned", detail: { reason: "ack_503" } });
  expect(waiting.entries.at(-1)!.detail.release_at).toBe(new Date(later).toISOString());
  expect(waiting.explanation).toContain("tried again by itself");
  await commit("worker-b", epoch, { claims: [{ id: failed.id, resend: false }] });
  const failure = { code: "server_rejected", detail: "WhatsApp refused it (400)", retryable: true };
  await commit("worker-b", epoch, { marks: [{ id: failed.id, status: "failed", reason: failure.code, failure }] });
  expect((await timeline(failed.id)).explanation).toBe("WhatsApp's server refused it. Sending it anew later can help.");
  expect(await kinds(failed.id)).toEqual(["accepted", "claimed", "returned", "claimed", "failed"]);

  await api.call("POST", `/v1/messages/${canceled.id}/cancel`);
  expect((await timeline(canceled.id)).explanation).toContain("canceled by a member");
  await sql`update public.whatsapp_messages set expires_at = now() - interval '1 second' where id = ${expired.id}`;
  await sql`select public.upkeep_pass()`;
  expect((await timeline(expired.id)).explanation).toContain("time to live ended");
  expect(await kinds(expired.id)).toEqual(["accepted", "expired"]);
});

test("a change that is rolled back leaves no step, and weeks that ended 30 days ago go as whole tables", async () => {
  const { id } = await send();
  const undone = sql.begin(async (transaction) => {
    await transaction`update public.whatsapp_messages set status = 'failed' where id = ${id}`;
    throw new Error("undone");
  });
  await expect(undone).rejects.toThrow("undone");
  expect(await kinds(id)).toEqual(["accepted"]);

  await sql.unsafe(`create table partitions.message_timeline_202001 partition of public.message_timeline
    for values from ('2019-12-30') to ('2020-01-06')`);
  await sql`select public.upkeep_pass()`;
  const [kept] = await sql<[{ old: string | null; weeks: string }]>`
    select to_regclass('partitions.message_timeline_202001')::text as old, (select count(*) from pg_class
      where relnamespace = 'partitions'::regnamespace and relname ~ '^message_timeline_[0-9]{6}$') as weeks`;
  expect(kept).toEqual({ old: null, weeks: "4" });
});
