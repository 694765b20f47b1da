import { openTestStack } from "@flotilla/shared/testing/fixtures";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { decodeJwt, SignJWT, UnsecuredJWT } from "jose";
import { readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startSupabase, type SupabaseServer } from "../src/embedded/supabase.ts";
import { generateSupabaseKeys } from "../src/embedded/supabase-keys.ts";

const keys = generateSupabaseKeys();
const logFile = `/var/tmp/flotilla-edges-${process.pid}.log`;
const cleanup = new AsyncDisposableStack();
let api: SupabaseServer;
let service: SupabaseClient;

const client = (key: string, token?: string) =>
  createClient(api.url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    ...(token === undefined ? {} : { accessToken: async () => token }),
  });
const sign = (claims: Record<string, unknown>, secret = keys.jwtSecret) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(secret));
const signUp = async (data: Record<string, unknown> = {}) => {
  const credentials = { email: `edge-${crypto.randomUUID()}@example.com`, password: "a-long-password" };
  const answer = await client(keys.publishableKey).auth.signUp({ ...credentials, options: { data } });
  if (!answer.data.user || !answer.data.session) throw new Error(answer.error?.message ?? "no session");
  return { user: answer.data.user, session: answer.data.session, ...credentials };
};

beforeAll(async () => {
  // Any database will do; this one gets the fixture's migration instead of ours.
  const stack = cleanup.use(await openTestStack());
  const database = new URL(stack.databaseUrl);
  database.pathname = "/postgres";
  const { default: postgres } = await import("postgres");
  const admin = postgres(database.href, { max: 1 });
  const name = `edges_${process.pid}`;
  await admin.unsafe(`create database ${name}`);
  cleanup.defer(async () => {
    await admin.unsafe(`drop database if exists ${name} with (force)`);
    await admin.end();
    rmSync(logFile, { force: true });
  });
  database.pathname = `/${name}`;
  const migrationsFolder = fileURLToPath(new URL("fixtures/migrations", import.meta.url));
  const options = { databaseUrl: database.href, port: 0, migrationsFolder, siteUrl: "http://localhost:5173" };
  api = cleanup.use(await startSupabase({ ...keys, ...options, jwtExpirySeconds: 3600, logFile }));
  service = client(keys.secretKey);
});
afterAll(() => cleanup.disposeAsync());

describe("values", () => {
  test("jsonb is encoded once, in columns, in arguments and in a member's metadata", async () => {
    const { user } = await signUp({ name: "Ana", tags: ["a"] });
    expect(user.user_metadata).toMatchObject({ name: "Ana", tags: ["a"] });
    const profile = await service.from("profiles").select("name").eq("id", user.id).single();
    expect(profile.data).toEqual({ name: "Ana" });
    const echoed = await service.rpc("echo_json", { payload: { deep: [1, { two: null }] } });
    expect(echoed.data).toEqual({ type: "object", payload: { deep: [1, { two: null }] } });
    const note = { owner: user.id, body: "with extra", extra: { list: [1, 2], text: "x" } };
    expect((await service.from("notes").insert(note).select("extra").single()).data).toEqual({ extra: note.extra });
  });

  test("times come in ISO form", async () => {
    const { user } = await signUp();
    const note = await service.from("notes").insert({ owner: user.id, body: "now" }).select("at").single();
    expect(note.data).toEqual({ at: "2026-01-02T03:04:05.678+00:00" });
  });
});

describe("errors", () => {
  test.each([
    ["P0001", 400],
    ["40001", 500],
    ["40P01", 500],
    ["23P01", 400],
    ["55P03", 500],
  ])("an exception raised as %s keeps code, message and hint, with status %i", async (state, status) => {
    const answer = await service.rpc("fail_with", { state, words: "because" });
    expect(answer.status).toBe(status);
    expect(answer.error).toMatchObject({ code: state, message: "because", hint: "try something else" });
  });

  test("a violated check says which", async () => {
    const { user } = await signUp();
    const answer = await service.from("notes").insert({ owner: user.id, body: "far too long for this column" });
    expect(answer.error).toMatchObject({ code: "23514" });
    expect(answer.status).toBe(400);
  });

  test("what the library prints about them goes to its log file", async () => {
    await service.rpc("fail_with", { state: "P0001", words: "written down" });
    await waitFor(() => readFileSync(logFile, "utf8").includes("written down"), { describe: "the line in the log" });
  });
});

describe("rights", () => {
  test("column grants and revokes of a migration stay in force after the first requests", async () => {
    const { user, session } = await signUp();
    await service.from("notes").insert({ owner: user.id, body: "mine" });
    const member = client(keys.publishableKey, session.access_token);
    expect((await member.from("notes").select("body")).data).toEqual([{ body: "mine" }]);
    expect((await member.from("notes").select("secret")).error).toMatchObject({ code: "42501" });
    expect((await member.from("notes").delete().eq("owner", user.id)).error).toMatchObject({ code: "42501" });
    expect((await client(keys.publishableKey).from("notes").select("body")).error).toMatchObject({ code: "42501" });
  });

  test("a member sees no row of another, and cannot write one", async () => {
    const [one, other] = [await signUp(), await signUp()];
    await service.from("notes").insert({ owner: one.user.id, body: "private" });
    const member = client(keys.publishableKey, other.session.access_token);
    expect((await member.from("notes").select("body").eq("owner", one.user.id)).data).toEqual([]);
    const forged = await member.from("notes").insert({ owner: one.user.id, body: "forged" });
    expect(forged.error).toMatchObject({ code: "42501" });
  });

  test("a function revoked from client roles is for services only", async () => {
    expect((await service.rpc("for_services")).data).toBe("served");
    expect((await client(keys.publishableKey).rpc("for_services")).error).toMatchObject({ code: "42501" });
  });
});

describe("keys and tokens", () => {
  test("a bogus key is refused", async () => {
    expect((await client("sb_secret_bogus").from("notes").select("id")).status).toBe(401);
  });

  test("the JWT keys of older projects work, and only when our secret signed them", async () => {
    expect((await client(await sign({ role: "service_role" })).rpc("for_services")).data).toBe("served");
    expect((await client(await sign({ role: "service_role" }, "x".repeat(32))).rpc("for_services")).status).toBe(401);
  });

  test("forged, expired and unsigned tokens are refused, as is one that names a database role", async () => {
    const claims = { role: "authenticated", sub: crypto.randomUUID(), aud: "authenticated" };
    const tokens = {
      forged: await sign(claims, "y".repeat(32)),
      expired: await sign({ ...claims, exp: 1 }).then(() =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: "HS256" })
          .setExpirationTime(1)
          .sign(new TextEncoder().encode(keys.jwtSecret)),
      ),
      unsigned: new UnsecuredJWT(claims).setExpirationTime("1h").encode(),
      superuser: await sign({ ...claims, role: "postgres" }),
    };
    for (const [kind, token] of Object.entries(tokens)) {
      const answer = await client(keys.publishableKey, token).from("notes").select("id");
      expect([kind, answer.status]).toEqual([kind, 401]);
    }
  });

  test("a token names its issuer, is renewed, and its refresh token works once", async () => {
    const member = await signUp();
    expect(decodeJwt(member.session.access_token).iss).toBe(`${api.url}/auth/v1`);
    const { auth } = client(keys.publishableKey);
    const refresh_token = member.session.refresh_token;
    const renewed = await auth.refreshSession({ refresh_token });
    expect(decodeJwt(renewed.data.session?.access_token ?? "").iss).toBe(`${api.url}/auth/v1`);
    const signedIn = await auth.signInWithPassword(member);
    expect(decodeJwt(signedIn.data.session?.access_token ?? "")).toMatchObject({ sub: member.user.id });
    expect((await auth.getUser(member.session.access_token)).data.user?.id).toBe(member.user.id);
  });

  test("a wrong password is refused", async () => {
    const { email } = await signUp();
    const { error } = await client(keys.publishableKey).auth.signInWithPassword({ email, password: "wrong-password" });
    expect(error?.status).toBe(400);
  });
});

describe("the door", () => {
  /** As sent: fetch would tidy the path up first. */
  const rawStatus = (path: string) =>
    new Promise<number>((resolve, reject) => {
      request({ host: "127.0.0.1", port: api.port, path }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
    });

  test.each([
    "/_system/info",
    "/",
    "/rest/v1/../../_system/info",
    "/rest/v1/%2e%2e/%2e%2e/_system/info",
    "/auth/v1/..%2f..%2f_system/info",
    "/storage/v1/bucket",
    "//_system/info",
  ])("%s leads nowhere", async (path) => {
    expect(await rawStatus(path)).toBe(404);
  });

  test("a backslash is refused or leads nowhere", async () => {
    expect([400, 404]).toContain(await rawStatus("/rest/v1/..\\..\\_system/info"));
  });

  test("the public routes are open", async () => {
    expect(await rawStatus("/auth/v1/health")).not.toBe(404);
  });
});
