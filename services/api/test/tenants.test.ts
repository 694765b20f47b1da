import { Me, Overview } from "@flotilla/shared/contract/http-chats";
import { EventPage } from "@flotilla/shared/contract/events";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { routesOf } from "../src/app.ts";
import type { AppOptions } from "../src/app.ts";
import { aMessage, openRunningApi, type RunningApi } from "./running-api.ts";

let api: RunningApi;
let stranger: string;
const ids: Record<string, string> = {};

beforeAll(async () => {
  api = await openRunningApi();
  stranger = (await api.stack.signUp()).accessToken;
  ids["session"] = (await api.call("POST", "/v1/sessions", { body: { name: "mine" } })).body.id;
  const { body: message } = await api.call("POST", "/v1/messages", { body: aMessage("mine") });
  ids["message"] = message.id;
  ids["chat"] = message.chat_id;
  ids["suppression"] = (await api.call("POST", "/v1/suppressions", { body: { address: "+5511999990099" } })).body.id;
  const campaign = {
    name: "N",
    category: "utility",
    content: { type: "text", text: { body: "x" } },
    sessions: ["mine"],
  };
  ids["campaign"] = (await api.call("POST", "/v1/campaigns", { body: campaign })).body.id;
});
afterAll(() => api[Symbol.asyncDispose]());

test("every route that names a row answers a stranger with 404, by id and by name, and changes nothing", async () => {
  const before = await api.call("GET", "/v1/events");
  const routes = routesOf({} as AppOptions).filter(
    ({ path, scope }) => path.includes(":") && !scope?.startsWith("ops:"),
  );
  expect(routes.length).toBeGreaterThan(15);
  for (const { method, path, streams } of routes) {
    const concrete = path.replaceAll(/:(\w+)/g, (_, name: string) => ids[name]!);
    const body = path.endsWith("/resolve") ? { as: "failed" } : undefined;
    const options =
      streams === undefined ? { body } : { raw: "to\n5511999990001", headers: { "content-type": "text/csv" } };
    const reply = await api.call(method.toUpperCase(), concrete, { ...options, token: stranger });
    expect(reply.status, `${method} ${path}`).toBe(404);
    expect(reply.body.code, `${method} ${path}`).toBe("not_found");
  }
  expect((await api.call("GET", "/v1/sessions/mine", { token: stranger })).status).toBe(404);
  expect((await api.call("GET", "/v1/events")).body.head).toBe(before.body.head);
});

test("a stranger's lists are empty, and a stranger cannot use our session", async () => {
  const lists = ["sessions", "messages", "campaigns", "chats", "suppressions", `messages?chat=${ids["chat"]}`];
  for (const path of lists.map((list) => `/v1/${list}`))
    expect((await api.call("GET", path, { token: stranger })).body.data, path).toEqual([]);
  const sent = await api.call("POST", "/v1/messages", { token: stranger, body: aMessage(ids["session"]!) });
  expect(sent.body).toMatchObject({ status: 422, errors: [{ code: "unknown_session" }] });
});

test("a member is told who they are and what stands where", async () => {
  const me = Me.parse((await api.call("GET", "/v1/me")).body);
  expect(me).toMatchObject({ member: { role: "owner" }, simulator: false });
  const overview = Overview.parse((await api.call("GET", "/v1/overview")).body);
  expect(overview).toMatchObject({ sessions: { starting: 1 }, waiting: { queued: 1 } });
});

test("events come in order, are waited for, and a caller who was away too long is told the oldest", async () => {
  const first = EventPage.parse((await api.call("GET", "/v1/events?limit=2")).body);
  expect(first).toMatchObject({ next_after: 2, has_more: true });
  expect(first.data.map((event) => event.type)).toEqual(["session.created", "message.accepted"]);

  const waiting = api.call("GET", `/v1/events?after=${first.head}&wait=20`);
  const { body: message } = await api.call("POST", "/v1/messages", {
    body: aMessage("mine"),
    headers: { "x-request-id": "cause" },
  });
  const page = EventPage.parse((await waiting).body);
  expect(page.data).toMatchObject([{ type: "message.accepted", subject: message.id, request_id: "cause" }]);
  expect((await api.call("GET", `/v1/events?after=${page.head}&wait=0.2`)).body.data).toEqual([]);

  const sql = postgres(api.stack.databaseUrl, { max: 1 });
  await sql`delete from public.tenant_events where sequence <= 2`;
  await sql.end();
  expect((await api.call("GET", "/v1/events?after=1")).body).toMatchObject({
    status: 410,
    code: "events_expired",
    oldest: 3,
  });
  expect((await api.call("GET", "/v1/events?after=2")).status).toBe(200);
});

test("a viewer may look and not touch; losing a role is felt within seconds", async () => {
  const sql = postgres(api.stack.databaseUrl, { max: 1 });
  const guest = await api.stack.signUp();
  const { tenant } = (await api.call("GET", "/v1/me")).body;
  await sql`insert into public.tenant_members (tenant_id, user_id, role) values (${tenant.id}, ${guest.userId}, 'viewer')`;
  const as = (method: string, path: string, body?: unknown) =>
    api.call(method, path, { token: guest.accessToken, body, headers: { "x-tenant": tenant.id } });
  expect((await as("GET", "/v1/sessions")).body.data).toHaveLength(1);
  expect((await as("GET", "/v1/sessions/mine/qr")).body).toMatchObject({ status: 403, code: "insufficient_scope" });
  expect((await as("POST", "/v1/messages", aMessage("mine"))).body).toMatchObject({ status: 403 });
  expect((await as("DELETE", "/v1/sessions/mine")).status).toBe(403);
  await sql`delete from public.tenant_members where user_id = ${guest.userId} and tenant_id = ${tenant.id}`;
  await sql.end();
  await expect.poll(async () => (await as("GET", "/v1/sessions")).status, { timeout: 30_000 }).toBe(403);
});
