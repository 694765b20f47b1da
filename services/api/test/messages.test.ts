import { BatchResult, Message, MessagePage } from "@flotilla/shared/contract/http-messages";
import { mintUuid } from "@flotilla/shared/contract/ids";
import { createServiceClient } from "@flotilla/shared/runtime/supabase";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aMessage, openRunningApi, type RunningApi } from "./running-api.ts";

let api: RunningApi;
beforeAll(async () => {
  api = await openRunningApi();
  await api.call("POST", "/v1/sessions", { body: { name: "main" } });
});
afterAll(() => api[Symbol.asyncDispose]());

const send = (more: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  api.call("POST", "/v1/messages", { body: aMessage("main", more), headers });

test("a message is stored once accepted, held while its session is offline, and read back", async () => {
  const sent = await send({ to: "+55 (11) 99999-0002", metadata: { order: "7" } }, { "x-request-id": "req-7" });
  expect(sent.status).toBe(202);
  expect(sent.headers.get("x-request-id")).toBe("req-7");
  const message = Message.parse(sent.body);
  expect(message).toMatchObject({
    status: "held",
    status_reason: "session_offline",
    party: { phone: "+5511999990002", input: "+55 (11) 99999-0002" },
    metadata: { order: "7" },
    request_id: "req-7",
  });
  expect((await api.call("GET", `/v1/messages/${message.id}`)).body).toEqual(message);
});

test("the same reference is the same message; with other content it is refused", async () => {
  const first = await send({ client_ref: "order-1" });
  const again = await send({ client_ref: "order-1" });
  expect([first.status, again.status]).toEqual([202, 200]);
  expect(again.body.id).toBe(first.body.id);
  const other = await send({ client_ref: "order-1", text: { body: "changed" } });
  expect(other.body).toMatchObject({ status: 409, code: "client_ref_conflict" });
});

test("a storm of repeats under one idempotency key makes one message", async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => send({}, { "idempotency-key": "storm" })));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
  expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
  expect(answers.filter((answer) => answer.headers.get("idempotency-replayed") === "true")).toHaveLength(11);
  expect((await send({ ttl: 90 }, { "idempotency-key": "storm" })).body).toMatchObject({
    code: "idempotency_key_reused",
  });
});

test("a session that does not exist is a bad field, with a pointer", async () => {
  const { body } = await api.call("POST", "/v1/messages", { body: aMessage("nobody") });
  expect(body).toMatchObject({ status: 422, code: "validation_failed", errors: [{ pointer: "/session" }] });
});

test("kinds of content that cannot be sent yet are named as that", async () => {
  const { body } = await send({ type: "image", image: { media: {} }, text: undefined });
  expect(body).toMatchObject({ status: 422, code: "unsupported_content", errors: [{ pointer: "/type" }] });
});

test("Prefer: wait answers 202 when nothing was sent in time, and 200 as soon as there is an end", async () => {
  const late = await send({}, { prefer: "respond-async, wait=1" });
  expect(late.status).toBe(202);
  expect(late.headers.get("preference-applied")).toBeNull();

  const waiting = send({ client_ref: "awaited" }, { prefer: "wait=20" });
  const find = async () => (await api.call("GET", "/v1/messages?client_ref=awaited")).body.data[0];
  const found = await waitFor(find, { describe: "the message" });
  await api.call("POST", `/v1/messages/${found.id}/cancel`);
  const ended = await waiting;
  expect(ended.status).toBe(200);
  expect(ended.body.status).toBe("canceled");
  expect(ended.headers.get("preference-applied")).toBe("wait=20");
  expect((await send({}, { prefer: "wait=soon" })).body).toMatchObject({ code: "malformed_header" });
});

test("a message that has not left is taken back, once is enough", async () => {
  const { body: message } = await send();
  const canceled = await api.call("POST", `/v1/messages/${message.id}/cancel`);
  expect(canceled).toMatchObject({ status: 200, body: { status: "canceled", status_reason: "user" } });
  expect((await api.call("POST", `/v1/messages/${message.id}/cancel`)).status).toBe(200);
});

test("a batch tells what became of each item", async () => {
  const items = [
    { to: "5511999990010", text: { body: "a" } },
    { to: "abc", text: { body: "b" }, oops: 1 },
    { to: "5511999990011", text: { body: "c" }, client_ref: "b-1" },
    { to: "5511999990011", text: { body: "c" }, client_ref: "b-1" },
    { to: "5511999990012", text: { body: "d" }, session: "nobody" },
    7,
  ];
  const { status, body } = await api.call("POST", "/v1/messages/batch", {
    body: { items, defaults: { session: "main", type: "text" } },
  });
  expect(status).toBe(202);
  const result = BatchResult.parse(body);
  expect(result).toMatchObject({ accepted: 2, duplicate: 1, rejected: 3 });
  expect(result.results.map((item) => item.outcome)).toEqual([
    "accepted",
    "rejected",
    "accepted",
    "duplicate",
    "rejected",
    "rejected",
  ]);
  expect(result.results[1]!.problem!.errors).toMatchObject([{ pointer: "/items/1/oops", code: "unknown_field" }]);
  expect(result.results[4]!.problem!.errors).toMatchObject([{ pointer: "/items/4/session", code: "unknown_session" }]);
  const { body: listed } = await api.call("GET", `/v1/messages?batch=${result.batch_id}`);
  expect(MessagePage.parse(listed).data.map((message) => message.text!.body)).toEqual(["c", "a"]);
});

test("an atomic batch with one bad item stores nothing and names every bad one", async () => {
  const items = [aMessage("main", { client_ref: "at-1" }), aMessage("main", { to: "x" }), aMessage("nobody")];
  const byShape = await api.call("POST", "/v1/messages/batch", { body: { items, atomic: true } });
  expect(byShape.body).toMatchObject({ status: 422, errors: [{ pointer: "/items/1/to" }] });
  const byRow = await api.call("POST", "/v1/messages/batch", { body: { items: [items[0], items[2]], atomic: true } });
  expect(byRow.body).toMatchObject({ status: 422, errors: [{ pointer: "/items/1/session" }] });
  expect((await api.call("GET", "/v1/messages?client_ref=at-1")).body.data).toEqual([]);
  expect((await send({ client_ref: "at-1" })).status).toBe(202);
});

test("a keyed batch gives the first answer again", async () => {
  const request = () =>
    api.call("POST", "/v1/messages/batch", {
      body: { items: [aMessage("main"), aMessage("main", { to: "?" })] },
      headers: { "idempotency-key": "batch-1" },
    });
  const [first, again] = [await request(), await request()];
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.body).toEqual(first.body);
});

test("a batch of 1,000 is taken, 1,001 are too many", async () => {
  const items = Array.from({ length: 1_001 }, (_, index) => aMessage("main", { to: `55119${10_000_000 + index}` }));
  const { body } = await api.call("POST", "/v1/messages/batch", { body: { items: items.slice(1) } });
  expect(body).toMatchObject({ accepted: 1_000, rejected: 0 });
  const tooMany = await api.call("POST", "/v1/messages/batch", { body: { items } });
  expect(tooMany.body).toMatchObject({ status: 422, code: "too_many_items" });
});

test("chats are listed by activity with their messages, and read", async () => {
  await send({ to: "5511999990099" });
  const { body: page } = await api.call("GET", "/v1/chats?session=main&limit=1");
  const [chat] = page.data;
  expect(chat).toMatchObject({ kind: "direct", party: { phone: "+5511999990099" } });
  const next = await api.call("GET", `/v1/chats?session=main&limit=1&cursor=${page.next_cursor}`);
  expect(next.body.data[0].id).not.toBe(chat.id);
  expect((await api.call("GET", `/v1/chats/${chat.id}`)).body).toMatchObject({ id: chat.id });
  expect((await api.call("GET", `/v1/chats/${chat.id}/messages`)).body.data).toHaveLength(1);
  expect((await api.call("POST", `/v1/chats/${chat.id}/read`)).status).toBe(204);
});

test("no log line holds a text or a whole number", async () => {
  await send({ to: "5511987654321", text: { body: "very private words" } });
  const lines = api.logged.join("");
  expect(lines).toContain("POST /v1/messages → 202");
  expect(lines).not.toContain("very private words");
  expect(lines).not.toContain("5511987654321");
});

describe("resolve", () => {
  const resolve = (id: string, as: string) => api.call("POST", `/v1/messages/${id}/resolve`, { body: { as } });
  /** Moves a message to where a worker would have left it. */
  async function leave(id: string, state: { status: string; status_reason: string | null }): Promise<void> {
    const client = createServiceClient({ url: api.stack.supabaseUrl, secretKey: api.stack.secretKey });
    const { error } = await client.from("whatsapp_messages").update(state).eq("id", id);
    expect(error).toBeNull();
  }

  test("a message without an answer is sent again, believed, or declared failed, as a person says", async () => {
    const { body: message } = await send({ on_unknown: "hold" });
    await leave(message.id, { status: "unknown", status_reason: "awaiting_person" });
    const again = await resolve(message.id, "resend");
    expect(again).toMatchObject({ status: 200, body: { status: "unknown", status_reason: "resend_asked" } });
    expect(Message.parse(again.body).wa_message_id).toBe(message.wa_message_id);
    const believed = await resolve(message.id, "assume_sent");
    expect(believed.body).toMatchObject({ status: "unknown", status_reason: "assumed_sent" });
    const failed = await resolve(message.id, "failed");
    expect(failed.body).toMatchObject({ status: "failed", failure: { code: "no_ack", retryable: false } });
    expect((await resolve(message.id, "failed")).body).toMatchObject({ status: 409, state: "failed" });
    const told: (string | null)[] = [];
    for (let after = 0, more = true; more;) {
      const { body } = await api.call("GET", `/v1/events?limit=500&after=${after}`);
      const mine = body.data.filter((event: { subject: string }) => event.subject === message.id);
      told.push(...mine.map((event: { data: { reason?: string } }) => event.data.reason ?? null));
      more = body.data.length > 0;
      after = body.next_after;
    }
    expect(told).toEqual(expect.arrayContaining(["resend_asked", "assumed_sent", "no_ack"]));
  });

  test("one held for review is released to its place, and no other", async () => {
    const { body: message } = await send();
    expect(await resolve(message.id, "release")).toMatchObject({ status: 409, body: { state: "held" } });
    await leave(message.id, { status: "held", status_reason: "review" });
    expect((await resolve(message.id, "resend")).status).toBe(409);
    expect((await resolve(message.id, "release")).body).toMatchObject({ status: "queued", status_reason: null });
  });

  test("what makes no sense, or is nobody's, is refused", async () => {
    const { body: message } = await send();
    expect((await resolve(message.id, "guess")).status).toBe(422);
    expect((await resolve(mintUuid(), "failed")).status).toBe(404);
  });
});
