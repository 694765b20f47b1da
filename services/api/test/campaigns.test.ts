import { Campaign, CreatedCampaign, LineError, PartResult } from "@flotilla/shared/contract/http-campaigns";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { request as openRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRunningApi, type Reply, type RunningApi } from "./running-api.ts";

let api: RunningApi;
beforeAll(async () => {
  api = await openRunningApi();
  for (const name of ["one", "two"]) await api.call("POST", "/v1/sessions", { body: { name } });
});
afterAll(() => api[Symbol.asyncDispose]());

const draft = (more: Record<string, unknown> = {}) => ({
  name: "News",
  category: "utility",
  content: { type: "text", text: { body: "Hi {{name}}" } },
  sessions: ["one", "two"],
  ...more,
});
async function createDraft(more: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await api.call("POST", "/v1/campaigns", { body: draft(more) });
  expect(status).toBe(201);
  return CreatedCampaign.parse(body).id;
}
const upload = (id: string, raw: string | Buffer, query = "", headers: Record<string, string> = {}): Promise<Reply> =>
  api.call("POST", `/v1/campaigns/${id}/recipients${query}`, {
    raw: typeof raw === "string" ? raw : new Uint8Array(raw),
    headers: { "content-type": "text/csv", ...headers },
  });
async function totalsOf(id: string) {
  const { totals, ...campaign } = Campaign.parse((await api.call("GET", `/v1/campaigns/${id}`)).body);
  const { received, ...places } = totals;
  expect(Object.values(places).reduce((sum, n) => sum + n, 0)).toBe(received);
  return { ...campaign, totals };
}
async function errorsOf(id: string, query = ""): Promise<LineError[]> {
  const { status, text } = await api.call("GET", `/v1/campaigns/${id}/errors${query}`);
  expect(status).toBe(200);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => LineError.parse(JSON.parse(line)));
}

test("a hard CSV is counted and reported line by line, and the rest is taken", async () => {
  const id = await createDraft();
  const file = [
    "\uFEFFto,name,client_ref",
    "+55 (11) 99999-1001,Ana,r-1",
    '5511999991002,"Smith, ""Bob""\nJr.",',
    "",
    "5511999991001@s.whatsapp.net,Again,",
    "not-a-number,Zed,",
    "5511999991003,,",
    '5511999991004,"never closed,',
    "5511999991005,João 😀,",
    "5511999991006,Too,many,fields",
    `5511999991007,${"x".repeat(17_000)},`,
    "5.51E+12,Excel,",
    "5511999991008,Last,",
    "5511999991009,And,",
    "5511999991010,More,",
    "5511999991011,Good,",
    "5511999991012,Ones,",
  ].join("\r\n");
  const { status, body } = await upload(id, file);
  expect(status).toBe(200);
  expect(PartResult.parse(body)).toMatchObject({
    part: 1,
    status: "complete",
    received: 15,
    accepted: 8,
    duplicate: 1,
    invalid: 6,
    next_part: 2,
  });
  const errors = await errorsOf(id);
  expect(errors.map(({ line, code }) => `${line} ${code}`)).toEqual([
    "6 duplicate",
    "7 invalid_address",
    "8 missing_variable",
    "9 unclosed_quote",
    "11 too_many_fields",
    "12 line_too_long",
    "13 invalid_address",
  ]);
  expect((await totalsOf(id)).totals).toMatchObject({ received: 15, planned: 8, duplicate: 1, invalid: 6 });
  expect(await errorsOf(id, "?part=2")).toEqual([]);
});

test("the same part again gives the same result, other content is refused, the next part has the next number", async () => {
  const id = await createDraft();
  const file = "to,name\n5511999992001,Ana\nbad,Bob\n";
  const first = await upload(id, file, "?part=1");
  expect((await upload(id, file, "?part=1")).body).toEqual(first.body);
  expect((await upload(id, `${file}5511999992002,Eve\n`, "?part=1")).body).toMatchObject({ code: "part_conflict" });
  expect((await upload(id, "to,name\n5511999992002,Eve\n")).body).toMatchObject({ part: 2, accepted: 1 });
  expect((await totalsOf(id)).totals).toMatchObject({ received: 3, planned: 2, invalid: 1 });

  expect((await api.call("POST", `/v1/campaigns/${id}/start`)).status).toBe(202);
  expect((await upload(id, file, "?part=1")).body).toEqual({ ...first.body, next_part: 3 });
  expect((await upload(id, file)).body).toMatchObject({ status: 409, code: "state_conflict", state: "running" });
});

test("NDJSON, gzip and other delimiters are taken", async () => {
  const id = await createDraft();
  const lines = [
    '{"to":"5511999993001","vars":{"name":"Ana"}}',
    '{"to":"5511999993002","vars":{"name":"Bob"},"client_ref":"x"}',
    '{"to":"5511999993003","vars":{"name":"Eve"}}',
    '{"to":"5511999993004","vars":{"name":"Joe"}}',
    "not json",
    '{"to":"5511999993005","vars":{"name":"Una"},"oops":1}',
    '{"to":"5511999993006","vars":{}}',
    '{"to":"5511999993007","vars":{"name":"\\u0000"}}',
  ].join("\n");
  const { body } = await upload(id, gzipSync(lines), "", {
    "content-type": "application/x-ndjson",
    "content-encoding": "gzip",
  });
  expect(body).toMatchObject({ received: 8, accepted: 4, invalid: 4 });
  expect((await errorsOf(id)).map(({ line, code }) => `${line} ${code}`)).toEqual([
    "5 not_json",
    "6 unknown_field",
    "7 missing_variable",
    "8 invalid_text",
  ]);
  expect((await upload(id, "to;name\n5511999993101;Ana\n", "?delimiter=;")).body).toMatchObject({ accepted: 1 });
  expect((await upload(id, "name\tto\nAna\t5511999993102\n", "?delimiter=tab")).body).toMatchObject({ accepted: 1 });
});

test.each([
  ["without a column to", "phone,name\n5511999990001,Ana\n", "wrong_format"],
  ["with another delimiter", "to;name\n5511999990001;Ana\n", "wrong_format"],
  ["without the variable of the text", "to,nome\n5511999990001,Ana\n", "unknown_variable"],
  ["with a header alone", "to,name\n", "wrong_format"],
  ["that is empty", "", "wrong_format"],
  ["that is a picture", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 1, 2, 3]), "wrong_format"],
  ["in UTF-16", Buffer.from("\uFEFFto,name\n1,2", "utf16le"), "wrong_format"],
  ["with more bad lines than good ones", "to,name\nx,a\ny,b\n5511999990001,c\n", "wrong_format"],
])("a file %s is refused whole, says why, and leaves no part behind", async (_, file, code) => {
  const id = await createDraft();
  const { body } = await upload(id, file);
  expect(body).toMatchObject({ status: 422, code });
  expect(body.detail.length).toBeGreaterThan(10);
  expect((await upload(id, "to,name\n5511999990001,Ana\n")).body).toMatchObject({ part: 1, accepted: 1 });
});

test("broken gzip, another encoding and another type are told apart", async () => {
  const id = await createDraft();
  const gzip = { "content-encoding": "gzip" };
  expect((await upload(id, "no gzip at all", "", gzip)).body).toMatchObject({ status: 422, code: "wrong_format" });
  expect((await upload(id, "x", "", { "content-encoding": "br" })).body).toMatchObject({ status: 415 });
  expect((await upload(id, "x", "", { "content-type": "application/pdf" })).body).toMatchObject({ status: 415 });
});

test("a large part goes through in chunks, and a broken-off one counts exactly when it is sent again", async () => {
  const id = await createDraft();
  const file = [
    "to,name",
    ...Array.from({ length: 12_000 }, (_, index) => `55118${10_000_000 + index},N${index}`),
  ].join("\n");
  const broken = openRequest(`${api.url}/v1/campaigns/${id}/recipients?part=1`, {
    method: "POST",
    headers: { "content-type": "text/csv", authorization: `Bearer ${api.token}`, "content-length": file.length },
  });
  const failed = new Promise((resolve) => broken.once("error", resolve));
  broken.write(file.slice(0, 200_000));
  await waitFor(async () => (await totalsOf(id)).totals.received, { describe: "the first chunk" });
  broken.destroy();
  await failed;
  const early = await api.call("POST", `/v1/campaigns/${id}/start`);
  expect(early.body).toMatchObject({ status: 409, code: "state_conflict" });
  expect(early.body.detail).toContain("part 1");

  expect((await upload(id, file, "?part=1")).body).toMatchObject({ received: 12_000, accepted: 12_000, duplicate: 0 });
  expect((await totalsOf(id)).totals).toMatchObject({ received: 12_000, planned: 12_000 });
});

test("two uploads of one part at once end in one of them, counted once", async () => {
  const id = await createDraft();
  const file = ["to,name", ...Array.from({ length: 9_000 }, (_, index) => `55117${10_000_000 + index},N`)].join("\n");
  const answers = await Promise.all([upload(id, file, "?part=1"), upload(id, file, "?part=1")]);
  for (const { status, body } of answers) expect([200, 409], JSON.stringify(body)).toContain(status);
  expect(answers.some(({ status }) => status === 200)).toBe(true);
  expect((await totalsOf(id)).totals).toMatchObject({ received: 9_000, planned: 9_000, duplicate: 0 });
});

test("inline recipients are part 1, a repeat under the same key finds the same campaign", async () => {
  const body = draft({
    default_region: "BR",
    recipients: [
      { to: "(11) 99999-4001", vars: { name: "Ana" } },
      { to: "x", vars: { name: "Bob" } },
      { to: "+5511999994001", vars: { name: "Eve" } },
      { to: "+5511999994003", vars: { name: "Ok" } },
    ],
  });
  const make = () => api.call("POST", "/v1/campaigns", { body, headers: { "idempotency-key": "camp-1" } });
  const first = await make();
  expect(first.status).toBe(201);
  const created = CreatedCampaign.parse(first.body);
  expect(created.upload).toMatchObject({ part: 1, received: 4, accepted: 2, duplicate: 1, invalid: 1 });
  expect(created.totals).toMatchObject({ received: 4, planned: 2 });
  const again = await make();
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.body).toEqual(first.body);
});

test.each<[string, Record<string, unknown>, string, string | undefined]>([
  ["an unknown session", { sessions: ["one", "nobody"] }, "validation_failed", "/sessions/1"],
  ["marketing", { category: "marketing" }, "validation_failed", "/category"],
  ["another kind of content", { content: { type: "image" } }, "unsupported_content", "/content/type"],
  ["no text", { content: { type: "text" } }, "validation_failed", "/content/text"],
  ["an unknown country", { default_region: "ZZ" }, "validation_failed", "/default_region"],
  ["a name that turns the text around", { name: "a\u202Eb" }, "validation_failed", "/name"],
  [
    "too many inline recipients",
    { recipients: Array.from({ length: 10_001 }, () => 1) },
    "too_many_items",
    "/recipients",
  ],
  ["no recipients in the list", { recipients: [] }, "wrong_format", undefined],
  ["a variable nobody has", { recipients: [{ to: "5511999990001" }] }, "unknown_variable", undefined],
])("a campaign with %s is refused and not made", async (_, more, code, pointer) => {
  const before = (await api.call("GET", "/v1/campaigns")).body.data.length;
  const { body } = await api.call("POST", "/v1/campaigns", { body: draft(more) });
  expect(body).toMatchObject({ status: 422, code });
  expect(body.errors?.[0]?.pointer).toBe(pointer);
  expect((await api.call("GET", "/v1/campaigns")).body.data.length).toBe(before);
});

test("a campaign starts, pauses, resumes and is canceled; what makes no sense is refused", async () => {
  const id = await createDraft();
  const ask = (request: string) => api.call("POST", `/v1/campaigns/${id}/${request}`);
  expect((await ask("start")).body).toMatchObject({ status: 409, code: "state_conflict" });
  expect((await ask("pause")).body).toMatchObject({ status: 409, state: "draft" });
  await upload(id, "to,name\n5511999995001,Ana\n");
  for (const [request, status] of [
    ["start", "running"],
    ["start", "running"],
    ["pause", "paused"],
    ["resume", "running"],
    ["cancel", "canceled"],
    ["cancel", "canceled"],
  ] as const)
    expect(await ask(request)).toMatchObject({ status: 202, body: { status } });
  expect((await ask("resume")).body).toMatchObject({ status: 409, state: "canceled" });
  expect((await totalsOf(id)).totals).toMatchObject({ canceled: 1 });
  const listed = await api.call("GET", "/v1/campaigns?status=canceled");
  expect(listed.body.data.map((campaign: Campaign) => campaign.id)).toContain(id);
});
