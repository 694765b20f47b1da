import { AddedSuppression, SuppressionPage } from "@flotilla/shared/contract/http-suppressions";
import { createServiceClient } from "@flotilla/shared/runtime/supabase";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aMessage, openRunningApi, type RunningApi } from "./running-api.ts";

let api: RunningApi;
beforeAll(async () => {
  api = await openRunningApi();
  await api.call("POST", "/v1/sessions", { body: { name: "one" } });
});
afterAll(() => api[Symbol.asyncDispose]());

const suppress = (address: string, more: Record<string, unknown> = {}) =>
  api.call("POST", "/v1/suppressions", { body: { address, ...more } });
const sendTo = (to: string) => api.call("POST", "/v1/messages", { body: aMessage("one", { to }) });

test("a member suppresses a person: what waits is canceled, what comes is refused in words, and lifting ends it", async () => {
  const to = "+5511999980001";
  const waiting = await sendTo(to);
  expect(waiting.status).toBe(202);
  const added = await suppress(to, { note: "asked by phone" });
  expect(added.status).toBe(201);
  expect(AddedSuppression.parse(added.body)).toMatchObject({
    address: { phone: to },
    scope: "all",
    reason: "member",
    note: "asked by phone",
    canceled: 1,
  });
  const canceled = await api.call("GET", `/v1/messages/${waiting.body.id}`);
  expect(canceled.body).toMatchObject({ status: "canceled", status_reason: "opted_out" });
  const why = await api.call("GET", `/v1/messages/${waiting.body.id}/timeline`);
  expect(why.text).toContain("asked not to be written to");

  const refused = await sendTo("55 (11) 99998-0001");
  expect(refused).toMatchObject({
    status: 422,
    body: { code: "opted_out", errors: [{ pointer: "/to", code: "opted_out" }] },
  });
  const batch = await api.call("POST", "/v1/messages/batch", {
    body: { items: [aMessage("one", { to }), aMessage("one", { to: "+5511999980002" })] },
  });
  expect(batch.body).toMatchObject({
    accepted: 1,
    rejected: 1,
    results: [{ outcome: "rejected", problem: { code: "opted_out" } }, { outcome: "accepted" }],
  });
  const [chat] = (await api.call("GET", "/v1/chats?limit=200")).body.data.filter(
    (found: { party: { phone: string } }) => found.party.phone === to,
  );
  expect(chat.suppressed).toBe("all");

  const again = await suppress(to, { note: "another" });
  expect(again.status).toBe(200);
  expect(again.body).toMatchObject({ id: added.body.id, note: "asked by phone", canceled: 0 });
  expect((await api.call("DELETE", `/v1/suppressions/${added.body.id}`)).status).toBe(204);
  expect((await api.call("DELETE", `/v1/suppressions/${added.body.id}`)).status).toBe(404);
  expect((await sendTo(to)).status).toBe(202);
  const events = await api.call("GET", "/v1/events?limit=1000");
  const types = events.body.data.map(({ type }: { type: string }) => type);
  expect(types.filter((type: string) => type.startsWith("suppression."))).toEqual([
    "suppression.added",
    "suppression.removed",
  ]);
});

test("what a person's own word made is lifted with a written note only", async () => {
  const { body } = await suppress("+5511999981001");
  const client = createServiceClient({ url: api.stack.supabaseUrl, secretKey: api.stack.secretKey });
  await client.from("suppressions").update({ reason: "keyword" }).eq("id", body.id);
  expect((await api.call("DELETE", `/v1/suppressions/${body.id}`)).body).toMatchObject({
    status: 422,
    errors: [{ pointer: "/note", code: "required" }],
  });
  expect((await api.call("DELETE", `/v1/suppressions/${body.id}?note=%20`)).status).toBe(422);
  expect((await api.call("DELETE", `/v1/suppressions/${body.id}?note=wrote%20again%20by%20letter`)).status).toBe(204);
});

test("the list is paged and filtered; the check answers for each address in order", async () => {
  for (const n of [1, 2, 3]) await suppress(`+551199998200${n}`, n === 3 ? { scope: "marketing" } : {});
  const page = SuppressionPage.parse((await api.call("GET", "/v1/suppressions?limit=2")).body);
  expect(page.data.map(({ address }) => address.phone)).toEqual(["+5511999982003", "+5511999982002"]);
  const next = await api.call("GET", `/v1/suppressions?limit=2&cursor=${encodeURIComponent(page.next_cursor!)}`);
  expect(next.body.data[0].address.phone).toBe("+5511999982001");
  const marketing = await api.call("GET", "/v1/suppressions?scope=marketing");
  expect(marketing.body.data).toHaveLength(1);
  const contact = page.data[0]!.address.contact_id;
  expect((await api.call("GET", `/v1/suppressions?contact=${contact}`)).body.data).toHaveLength(1);

  const addresses = ["+5511999982003", "nobody", "55 11 99998-2001", "5511999982001@s.whatsapp.net", "+5511999989999"];
  const { body } = await api.call("POST", "/v1/suppressions/check", { body: { addresses } });
  expect(body.results).toEqual([
    { address: addresses[0], suppressed: "marketing" },
    { address: addresses[1], suppressed: null },
    { address: addresses[2], suppressed: "all" },
    { address: addresses[3], suppressed: "all" },
    { address: addresses[4], suppressed: "none" },
  ]);
  const tooMany = { addresses: Array.from({ length: 1_001 }, () => "1") };
  expect((await api.call("POST", "/v1/suppressions/check", { body: tooMany })).body.code).toBe("too_many_items");
  expect((await suppress("nobody")).body).toMatchObject({ status: 422, errors: [{ pointer: "/address" }] });
});

test("campaign lines of suppressed people are counted and named", async () => {
  await suppress("+5511999983001");
  const { status, body } = await api.call("POST", "/v1/campaigns", {
    body: {
      name: "News",
      category: "utility",
      content: { type: "text", text: { body: "Hi" } },
      sessions: ["one"],
      recipients: [{ to: "+5511999983001" }, { to: "+5511999983002" }],
    },
  });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    accepted: 1,
    totals: { received: 2, suppressed: 1, planned: 1 },
    upload: { received: 2, accepted: 1, suppressed: 1, duplicate: 0 },
  });
  expect((await api.call("GET", `/v1/campaigns/${body.id}/errors`)).text).toContain('"opted_out"');
});

test("how a stop is answered is set and read", async () => {
  expect((await api.call("GET", "/v1/opt-out-confirmation")).body).toEqual({ enabled: true, text: null });
  const mine = { enabled: false, text: "Bye" };
  expect((await api.call("PUT", "/v1/opt-out-confirmation", { body: mine })).body).toEqual(mine);
  expect((await api.call("GET", "/v1/opt-out-confirmation")).body).toEqual(mine);
  expect((await api.call("PUT", "/v1/opt-out-confirmation", { body: { enabled: true } })).status).toBe(422);
});

test("another tenant sees none of it and is not bound by it", async () => {
  const { accessToken: token } = await api.stack.signUp();
  expect((await api.call("GET", "/v1/suppressions", { token })).body.data).toEqual([]);
  const [mine] = (await api.call("GET", "/v1/suppressions")).body.data;
  expect((await api.call("DELETE", `/v1/suppressions/${mine.id}?note=x`, { token })).status).toBe(404);
  const body = { addresses: [mine.address.phone] };
  const { results } = (await api.call("POST", "/v1/suppressions/check", { token, body })).body;
  expect(results).toEqual([{ address: mine.address.phone, suppressed: "none" }]);
});
