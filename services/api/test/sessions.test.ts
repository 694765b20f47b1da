import { Session, SessionPage } from "@flotilla/shared/contract/http-sessions";
import { createLogger } from "@flotilla/shared/runtime/logger";
import { publishPairing } from "@flotilla/shared/runtime/pairing-store";
import { closeRedis, openRedis } from "@flotilla/shared/runtime/redis";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRunningApi, type RunningApi } from "./running-api.ts";

let api: RunningApi;
let redis: Redis;
beforeAll(async () => {
  api = await openRunningApi();
  const logger = createLogger({ service: "test", level: "silent" });
  redis = openRedis({ url: api.stack.redisUrl, role: "command", service: "test", logger });
});
afterAll(async () => {
  await closeRedis(redis);
  await api[Symbol.asyncDispose]();
});

const create = (name: string, more = {}) => api.call("POST", "/v1/sessions", { body: { name, ...more } });

test("a session is stored as starting, its shard is told, and it is read by id and by name", async () => {
  const created = await create("first", { display_name: "First", metadata: { team: "a" } });
  expect(created.status).toBe(201);
  const session = Session.parse(created.body);
  expect(session).toMatchObject({
    status: "starting",
    desired: "running",
    network: "whatsapp",
    metadata: { team: "a" },
  });
  expect(created.headers.get("location")).toBe(`/v1/sessions/${session.id}`);
  for (const ref of [session.id, session.id.toUpperCase(), "first"])
    expect((await api.call("GET", `/v1/sessions/${ref}`)).body).toMatchObject({ id: session.id });
  await waitFor(async () => (await redis.keys("*wa:*cmd*")).length, { describe: "the job of the shard" });
});

test("a name is taken once, also when it is asked for twice at the same moment", async () => {
  const answers = await Promise.all([create("twin"), create("twin"), create("twin")]);
  expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
  expect(answers.find((answer) => answer.status === 409)!.body).toMatchObject({ code: "name_taken" });
});

test("the same idempotency key gives the first answer again, another body is refused, a refusal is not kept", async () => {
  const keyed = (name: string, key = '"k 1"') =>
    api.call("POST", "/v1/sessions", { body: { name, metadata: {} }, headers: { "idempotency-key": key } });
  const first = await keyed("keyed");
  const again = await keyed("keyed");
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(first.headers.get("idempotency-replayed")).toBeNull();
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.body).toEqual(first.body);
  expect((await keyed("other")).body).toMatchObject({ status: 422, code: "idempotency_key_reused" });

  expect((await keyed("keyed", "k2")).body).toMatchObject({ code: "name_taken" });
  await api.call("DELETE", "/v1/sessions/keyed");
  expect((await keyed("keyed", "k2")).status).toBe(201);
  expect((await keyed("x", "é")).body).toMatchObject({ code: "malformed_header" });
});

test("start, stop, restart and log out are asked and answered with 202; what makes no sense is refused", async () => {
  await create("asked");
  const ask = (request: string) => api.call("POST", `/v1/sessions/asked/${request}`);
  expect((await ask("stop")).body).toMatchObject({ desired: "stopped" });
  expect((await ask("stop")).status).toBe(202);
  expect((await ask("restart")).body).toMatchObject({ status: 409, code: "state_conflict" });
  expect((await ask("start")).body).toMatchObject({ desired: "running", status: "starting" });
  expect((await ask("restart")).status).toBe(202);
  expect((await ask("logout")).body).toMatchObject({ desired: "stopped" });
  expect((await api.call("DELETE", "/v1/sessions/asked")).body).toMatchObject({ desired: "deleted" });
  expect((await api.call("GET", "/v1/sessions/asked")).status).toBe(404);
  expect((await ask("start")).status).toBe(404);
});

test("pages continue each other without a gap, and a cursor is bound to its filters", async () => {
  for (let index = 0; index < 5; index++) await create(`page-${index}`, { start: false });
  const names: string[] = [];
  let cursor = "";
  do {
    const { body } = await api.call("GET", `/v1/sessions?limit=2&q=page-${cursor && `&cursor=${cursor}`}`);
    const page = SessionPage.parse(body);
    expect(page.has_more).toBe(page.next_cursor !== null);
    names.push(...page.data.map((session) => session.name));
    cursor = page.next_cursor ?? "";
  } while (cursor !== "");
  expect(names).toEqual(["page-4", "page-3", "page-2", "page-1", "page-0"]);

  const { body } = await api.call("GET", "/v1/sessions?limit=2&q=page-");
  const other = await api.call("GET", `/v1/sessions?limit=2&q=twin&cursor=${body.next_cursor}`);
  expect(other.body).toMatchObject({ status: 400, code: "invalid_cursor" });
  expect((await api.call("GET", "/v1/sessions?limit=100000")).status).toBe(200);
});

test("the QR code comes in four formats, is waited for, and is refused when none will come", async () => {
  const { body: session } = await create("qr");
  const show = (path = "", accept = "application/json") =>
    api.call("GET", `/v1/sessions/qr/qr${path}`, { headers: { accept } });
  expect((await show()).status).toBe(204);

  const waiting = show("?wait=20");
  const code = {
    qr: "2@abc,def,ghi,jkl",
    attempt: 1,
    round: 1,
    expires_at: new Date(Date.now() + 60_000).toISOString(),
  };
  const { qr: value, ...rest } = code;
  await publishPairing(redis, { session_id: session.id, kind: "qr", value, ...rest });
  expect((await waiting).body).toEqual(code);
  expect((await show("", "image/png")).text.slice(1, 4)).toBe("PNG");
  expect((await show("", "image/svg+xml")).text).toContain("<svg");
  expect((await show("", "text/plain")).text).toBe(code.qr);
  expect((await show("", "image/webp")).body).toMatchObject({ status: 406, code: "not_acceptable" });

  await publishPairing(redis, {
    session_id: session.id,
    kind: "qr",
    value: null,
    attempt: 1,
    round: 1,
    expires_at: null,
  });
  await api.call("POST", "/v1/sessions", { body: { name: "asleep", start: false } });
  const asleep = await api.call("GET", "/v1/sessions/asleep/qr?wait=20");
  expect(asleep.body).toMatchObject({ status: 409, code: "state_conflict", state: "stopped" });
  expect(api.logged.join("")).not.toContain(code.qr);
});

test("a wait for a QR code ends when the session turns into one that shows none", async () => {
  await create("turning");
  const waiting = api.call("GET", "/v1/sessions/turning/qr?wait=25");
  await api.call("DELETE", "/v1/sessions/turning");
  expect((await waiting).status).toBe(404);
});
