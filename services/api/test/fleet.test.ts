import { FleetMap, Placement, Worker, WorkerPage } from "@flotilla/shared/contract/http-fleet";
import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { routesOf } from "../src/app.ts";
import type { AppOptions } from "../src/app.ts";
import { openRunningApi, type RunningApi } from "./running-api.ts";

let api: RunningApi;
let sql: Sql;
let shard: number;

interface TickAnswer {
  draining: boolean;
  owned: { shard: number; epoch: number }[];
  revoke: number[];
}

/** A heartbeat as a worker sends it. */
async function tick(worker: string, more: Record<string, boolean | number> = {}): Promise<TickAnswer> {
  const heartbeat = { worker, ttl_ms: 60_000, capacity: 300, draining: false, rejoin: false, loads: {}, max_moves: 0 };
  const vitals = { host: "host-1", version: "1.2.3", settle_ms: 0, rss_bytes: 123_456_789, loop_lag_ms: 1.5 };
  const [row] = await sql<{ answer: TickAnswer }[]>`
    select public.worker_tick(${sql.json({ ...heartbeat, ...vitals, ...more })}) as answer`;
  return row!.answer;
}

async function release(worker: string, { shard: number, epoch }: { shard: number; epoch: number }): Promise<void> {
  await sql`select public.release_shard(${worker}, ${number}, ${epoch})`;
}

const get = (path: string) => api.call("GET", path);
const workers = async () => WorkerPage.parse((await get("/v1/workers")).body).data;
const placement = async () => Placement.parse((await get("/v1/sessions/placed/placement")).body);

beforeAll(async () => {
  api = await openRunningApi();
  sql = postgres(api.stack.databaseUrl, { max: 1 });
  const { body: session } = await api.call("POST", "/v1/sessions", { body: { name: "placed" } });
  [{ shard }] = await sql<[{ shard: number }]>`select shard from public.whatsapp_sessions where id = ${session.id}`;
});
afterAll(async () => {
  await sql.end();
  await api[Symbol.asyncDispose]();
});

test("the fleet is closed to members, owners of a tenant included, and open to operators within seconds", async () => {
  const routes = routesOf({} as AppOptions).filter(({ scope }) => scope?.startsWith("ops:"));
  expect(routes.length).toBe(5);
  for (const { method, path } of routes) {
    const reply = await api.call(method.toUpperCase(), path.replace(":worker", "worker-a"));
    expect(reply.body, path).toMatchObject({ status: 403, code: "insufficient_scope" });
  }
  expect((await get("/v1/me")).body.scopes).not.toContain("ops:read");
  const [{ email }] = await sql<[{ email: string }]>`select email from auth.users limit 1`;
  expect(await sql`select public.set_operator(${email.toUpperCase()}, true) as found`).toEqual([{ found: true }]);
  expect(await sql`select public.set_operator('nobody@example.com', true) as found`).toEqual([{ found: false }]);
  await expect.poll(async () => (await get("/v1/workers")).status, { timeout: 30_000 }).toBe(200);
  expect((await get("/v1/me")).body.scopes).toEqual(expect.arrayContaining(["ops:read", "ops:write"]));
});

test("a worker is seen joining, ready and with what it runs and how it is", async () => {
  expect(await workers()).toEqual([]);
  expect(await placement()).toEqual({ worker_id: null, shard, lease_epoch: 0, since: null, previous: [] });
  await tick("worker-a", { settle_ms: 60_000 });
  expect(await workers()).toMatchObject([{ id: "worker-a", state: "joining", shards: 0 }]);
  await tick("worker-a");
  const worker = Worker.parse((await get("/v1/workers/worker-a")).body);
  expect(worker).toMatchObject({ state: "ready", shards: 128, sessions: 1, capacity: 300, host: "host-1" });
  expect(worker).toMatchObject({ rss_bytes: 123_456_789, loop_lag_ms: 1.5, version: "1.2.3" });
  expect(await placement()).toMatchObject({ worker_id: "worker-a", lease_epoch: 1, previous: [] });
  for (const path of ["/v1/workers/worker-z", "/v1/workers/a%20b", "/v1/workers/%27"])
    expect((await get(path)).body, path).toMatchObject({ status: 404, code: "not_found" });
});

test("a drained worker hands over and stays without shards until the drain ends; asking twice changes nothing", async () => {
  await tick("worker-b");
  const drain = () => api.call("POST", "/v1/workers/worker-a/drain");
  expect((await drain()).status).toBe(202);
  expect(Worker.parse((await drain()).body)).toMatchObject({ state: "draining", shards: 128 });

  const asked = await tick("worker-a");
  expect(asked).toMatchObject({ draining: true });
  expect(asked.revoke).toHaveLength(128);
  for (const lease of asked.owned) await release("worker-a", lease);
  await tick("worker-a");
  await tick("worker-b");
  expect(await workers()).toMatchObject([
    { id: "worker-a", state: "draining", shards: 0 },
    { id: "worker-b", state: "ready", shards: 128, sessions: 1 },
  ]);
  expect(await placement()).toMatchObject({
    worker_id: "worker-b",
    lease_epoch: 2,
    previous: [{ worker_id: "worker-a", reason: "drained" }],
  });

  const ended = await api.call("DELETE", "/v1/workers/worker-a/drain");
  expect(ended.status).toBe(202);
  expect(ended.body).toMatchObject({ state: "ready" });
  expect(await tick("worker-a")).toMatchObject({ draining: false, revoke: [] });
  expect((await api.call("POST", "/v1/workers/worker-z/drain")).body).toMatchObject({ code: "not_found" });
});

test("the map shows each shard once, with its holder and counts, and says how the last moves came about", async () => {
  const map = FleetMap.parse((await get("/v1/ops/shards")).body);
  expect(map.shards.map((one) => one.shard)).toEqual(Array.from({ length: 128 }, (_, index) => index));
  expect(map.shards[shard]).toMatchObject({ worker_id: "worker-b", lease_epoch: 2, sessions: { starting: 1 } });
  expect(map.moves).toHaveLength(100);
  expect(map.moves[0]).toMatchObject({ from: "worker-a", to: "worker-b", reason: "drained" });
});

test("a worker that died and one that left are gone, say how, and cannot be drained", async () => {
  await sql`update public.workers set expires_at = clock_timestamp() - interval '1 second' where id = 'worker-b'`;
  expect(await workers()).toMatchObject([{ id: "worker-a" }, { id: "worker-b", state: "gone" }]);
  expect((await api.call("POST", "/v1/workers/worker-b/drain")).body).toMatchObject({
    code: "state_conflict",
    state: "gone",
  });
  await tick("worker-a");
  expect((await placement()).previous[0]).toMatchObject({ worker_id: "worker-b", reason: "expired" });

  const { owned } = await tick("worker-a", { draining: true });
  expect(owned).toHaveLength(128);
  await sql`select public.leave_fleet('worker-a')`;
  expect((await placement()).previous).toMatchObject([
    { worker_id: "worker-a", reason: "left" },
    { worker_id: "worker-b", reason: "expired" },
    { worker_id: "worker-a", reason: "drained" },
  ]);
  await sql`update public.workers set expires_at = clock_timestamp() - interval '1 hour' where id = 'worker-b'`;
  await tick("worker-c");
  const gone = (await workers()).filter(({ state }) => state === "gone").map(({ id }) => id);
  expect(gone).toEqual(["worker-a"]);
  expect(Worker.parse((await get("/v1/workers/worker-b")).body)).toMatchObject({ state: "gone", shards: 0 });
});
