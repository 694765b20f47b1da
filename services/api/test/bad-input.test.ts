import { mintUuid } from "@flotilla/shared/contract/ids";
import { Problem } from "@flotilla/shared/contract/problem";
import { SignJWT } from "jose";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aMessage, type CallOptions, openRunningApi, type Reply, type RunningApi } from "./running-api.ts";

let api: RunningApi;
beforeAll(async () => {
  api = await openRunningApi();
  await api.call("POST", "/v1/sessions", { body: { name: "main" } });
});
afterAll(() => api[Symbol.asyncDispose]());

function expectProblem(reply: Reply, status: number, code: string): Problem {
  expect(reply.headers.get("content-type"), reply.text).toContain("application/problem+json");
  const problem = Problem.parse(reply.body);
  expect(problem).toMatchObject({ status, code, type: `/problems/${code}` });
  expect(reply.status).toBe(status);
  expect(problem.request_id).toBe(reply.headers.get("x-request-id"));
  return problem;
}

const nested = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
const json = { "content-type": "application/json" };
const post = "POST /v1/messages";

describe("bad requests are refused by name and never a 5xx", () => {
  test.each<[string, string, CallOptions, number, string]>([
    ["text that is no JSON", post, { raw: "{oops", headers: json }, 400, "malformed_json"],
    ["JSON nested too deep", post, { raw: `{"metadata":${nested}}`, headers: json }, 400, "malformed_json"],
    ["gzip that is none", post, { raw: "xx", headers: { ...json, "content-encoding": "gzip" } }, 400, "malformed_json"],
    [
      "an unknown encoding",
      post,
      { raw: "{}", headers: { ...json, "content-encoding": "x" } },
      415,
      "unsupported_media_type",
    ],
    [
      "an unknown charset",
      post,
      { raw: "{}", headers: { "content-type": "application/json; charset=x" } },
      415,
      "unsupported_media_type",
    ],
    [
      "a form",
      post,
      { raw: "a=1", headers: { "content-type": "application/x-www-form-urlencoded" } },
      415,
      "unsupported_media_type",
    ],
    ["a body without a type", post, { raw: new Uint8Array([123, 125]) }, 415, "unsupported_media_type"],
    ["no body", post, {}, 422, "validation_failed"],
    ["a list", post, { body: [] }, 422, "validation_failed"],
    ["null", post, { body: null }, 422, "validation_failed"],
    ["a number", post, { body: 5 }, 422, "validation_failed"],
    ["an unknown field", post, { body: { ...aMessage("main"), extra: 1 } }, 422, "unknown_field"],
    [
      "a prototype key",
      post,
      { raw: '{"__proto__":{"a":1},"session":"main"}', headers: json },
      422,
      "validation_failed",
    ],
    ["a NUL in a text", post, { body: aMessage("main", { text: { body: "a\0b" } }) }, 422, "validation_failed"],
    [
      "half a character",
      post,
      { raw: JSON.stringify(aMessage("main")).replace("hello", "\\ud83d"), headers: json },
      422,
      "validation_failed",
    ],
    ["too short a ttl", post, { body: aMessage("main", { ttl: 1 }) }, 422, "validation_failed"],
    [
      "too much metadata",
      post,
      { body: aMessage("main", { metadata: { a: "x".repeat(3_000) } }) },
      422,
      "validation_failed",
    ],
    ["an unknown parameter", "GET /v1/messages?colour=red", {}, 422, "unknown_field"],
    ["a parameter where none is", "GET /v1/me?x=1", {}, 422, "unknown_field"],
    ["a parameter twice", "GET /v1/messages?limit=1&limit=2", {}, 422, "validation_failed"],
    ["a NUL in a parameter", "GET /v1/messages?client_ref=%00", {}, 422, "validation_failed"],
    ["a limit of none", "GET /v1/messages?limit=0", {}, 422, "validation_failed"],
    ["a limit that is no number", "GET /v1/messages?limit=many", {}, 422, "validation_failed"],
    ["an id that is none in a filter", "GET /v1/messages?chat=1", {}, 422, "validation_failed"],
    ["a status that does not exist", "GET /v1/sessions?status=happy", {}, 422, "validation_failed"],
    ["a cursor of ours, changed", "GET /v1/chats?cursor=eyJrIjp7ImF0IjoieCJ9LCJmIjoiIn0", {}, 400, "invalid_cursor"],
    ["an event position below zero", "GET /v1/events?after=-1", {}, 422, "validation_failed"],
    ["an event position beyond numbers", "GET /v1/events?after=1e300", {}, 422, "validation_failed"],
    ["bad percent-encoding in an id", "GET /v1/messages/%zz", {}, 400, "malformed_path"],
    ["bad percent-encoding nowhere", "GET /nowhere/%C3%28", {}, 400, "malformed_path"],
    ["a NUL in a path", "GET /v1/sessions/a%00b", {}, 404, "not_found"],
    ["an id that is none", "GET /v1/messages/7", {}, 404, "not_found"],
    ["an injection as an id", "GET /v1/sessions/x'%20or%20'1'='1", {}, 404, "not_found"],
    ["a path that does not exist", "GET /v1/unicorns", {}, 404, "not_found"],
    ["the simulator, where there is none", "GET /sim/v1/phones", {}, 404, "not_found"],
    [
      "a part number of zero",
      `POST /v1/campaigns/${mintUuid()}/recipients?part=0`,
      { raw: "to", headers: { "content-type": "text/csv" } },
      422,
      "validation_failed",
    ],
    ["a body for a route without one", "POST /v1/sessions/main/stop", { body: { force: true } }, 422, "unknown_field"],
    [
      "a session name that looks like an id",
      "POST /v1/sessions",
      { body: { name: mintUuid() } },
      422,
      "validation_failed",
    ],
    [
      "a prefer header that cannot be",
      post,
      { body: aMessage("main"), headers: { prefer: "wait=-5" } },
      400,
      "malformed_header",
    ],
    [
      "too large a body",
      "POST /v1/sessions",
      { body: { name: "x", metadata: { a: "y".repeat(300_000) } } },
      413,
      "body_too_large",
    ],
    [
      "far too large a message",
      post,
      { body: aMessage("main", { text: { body: "z".repeat(9_000_000) } }) },
      413,
      "body_too_large",
    ],
    [
      "too long a text",
      post,
      { body: aMessage("main", { text: { body: "z".repeat(70_000) } }) },
      422,
      "validation_failed",
    ],
  ])("%s", async (_, call, options, status, code) => {
    const [method = "", path = ""] = call.split(" ");
    expectProblem(await api.call(method, path, options), status, code);
  });

  test("all bad fields are told at once, by pointer", async () => {
    const reply = await api.call("POST", "/v1/messages", {
      body: { session: "", to: 5, type: "text", text: { body: "", colour: 1 }, ttl: "x", wrong: true },
    });
    const { errors } = expectProblem(reply, 422, "validation_failed");
    expect(errors!.map((error) => error.pointer).toSorted()).toEqual(
      ["/session", "/text/body", "/text/colour", "/to", "/ttl", "/wrong"].toSorted(),
    );
  });

  test("a wrong method is told which ones there are", async () => {
    const reply = await api.call("PATCH", "/v1/messages");
    expectProblem(reply, 405, "method_not_allowed");
    expect(reply.headers.get("allow")).toBe("POST, GET, OPTIONS, HEAD");
    expect((await api.call("OPTIONS", "/v1/messages")).status).toBe(204);
    expect((await api.call("DELETE", "/health")).status).toBe(405);
    expect((await api.call("HEAD", "/v1/messages")).status).toBe(200);
  });

  test("a caller's request id is kept when it is a plain word and replaced when it is not", async () => {
    const idOf = async (id: string) =>
      (await api.call("GET", "/v1/me", { headers: { "x-request-id": id } })).headers.get("x-request-id");
    expect(await idOf("order-7.a")).toBe("order-7.a");
    expect(await idOf("two words")).not.toBe("two words");
  });

  test("a caller who leaves in the middle of a body harms nobody", async () => {
    const { port } = new URL(api.url);
    const socket = connect(Number(port), "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(
      `POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"a`,
    );
    socket.destroy();
    expect((await api.call("GET", "/v1/me")).status).toBe(200);
  });

  test("none of it was an error of ours", () => {
    expect(api.logged.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});

describe("tokens", () => {
  const secret = () => new TextEncoder().encode(api.stack.jwtSecret);
  const claims = { role: "authenticated", sub: mintUuid() };
  const sign = (payload: Record<string, unknown>, key = secret(), expires: string | number = "1h") =>
    new SignJWT(payload)
      .setProtectedHeader({ alg: "HS256" })
      .setAudience("authenticated")
      .setIssuer(`${api.stack.supabaseUrl}/auth/v1`)
      .setIssuedAt()
      .setExpirationTime(expires)
      .sign(key);
  const me = (token: string | null, headers: Record<string, string> = {}) =>
    api.call("GET", "/v1/me", { token, headers });
  const unsigned = (payload: object) =>
    `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(JSON.stringify(payload)).toString("base64url")}.`;

  test("none, rubbish, forged, unsigned and foreign ones are refused with 401", async () => {
    const soon = Math.floor(Date.now() / 1_000) + 600;
    const bad = [
      null,
      "rubbish",
      "a.b.c",
      unsigned({ ...claims, aud: "authenticated", exp: soon }),
      await sign(claims, new TextEncoder().encode("x".repeat(40))),
      await sign({ ...claims, role: "service_role" }),
      await sign({ ...claims, role: "anon" }),
      await sign({ role: "authenticated" }),
      await sign({ role: "authenticated", sub: "no-uuid" }),
      api.stack.secretKey,
      api.stack.publishableKey,
      `${api.token}x`,
      "flo_live_12345678_abcdefghijklmnop",
    ];
    for (const token of bad) {
      const reply = await me(token);
      expectProblem(reply, 401, "unauthenticated");
      expect(reply.headers.get("www-authenticate")).toContain("Bearer");
    }
    expectProblem(await me(null, { authorization: "Basic abc" }), 401, "unauthenticated");
    expectProblem(await me(null, { "x-api-key": "k" }), 401, "unauthenticated");
    expectProblem(await me(await sign(claims, secret(), soon - 3_600)), 401, "token_expired");
    expectProblem(await api.call("GET", `/v1/me?access_token=${api.token}`, { token: null }), 401, "unauthenticated");
    expect(api.logged.join("")).not.toContain(api.token);
  });

  test("a good token of somebody who belongs to no tenant opens nothing", async () => {
    expectProblem(await me(await sign(claims)), 403, "insufficient_scope");
    expectProblem(await me(api.token, { "x-tenant": mintUuid() }), 403, "insufficient_scope");
    expectProblem(await me(api.token, { "x-tenant": "x" }), 403, "insufficient_scope");
  });
});

test("browsers of other origins get no permission, and every answer carries the guards", async () => {
  const from = (origin: string) => api.call("GET", "/v1/me", { headers: { origin } });
  expect((await from("http://localhost:5173")).headers.get("access-control-allow-origin")).toBe(
    "http://localhost:5173",
  );
  expect((await from("http://localhost:5173.evil.example")).headers.get("access-control-allow-origin")).toBeNull();
  const { headers } = await from("null");
  expect(headers.get("access-control-allow-origin")).toBeNull();
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("content-security-policy")).toContain("default-src 'self'");
  expect(headers.get("ratelimit")).toMatch(/^"reads";r=\d+;t=1$/);
});
