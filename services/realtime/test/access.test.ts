import { mintUuid } from "@flotilla/shared/contract/ids";
import { publishPairing, readPairing } from "@flotilla/shared/runtime/pairing-store";
import { openTestStack, type TestStack } from "@flotilla/shared/testing/fixtures";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openClient, refusalOf } from "./client.ts";
import { openBackOffice, type Replica, startReplica } from "./replica.ts";

let stack: TestStack;
let office: ReturnType<typeof openBackOffice>;
let replica: Replica;
let other: Replica;
const opened = new AsyncDisposableStack();
beforeAll(async () => {
  stack = opened.use(await openTestStack());
  office = opened.use(openBackOffice(stack));
  replica = opened.use(await startReplica(stack));
  other = opened.use(await startReplica(stack, { CORS_ORIGINS: "http://good.example" }));
});
afterAll(() => opened.disposeAsync());

async function signUp() {
  const member = await stack.signUp();
  const tenant = await office.tenantOf(member.userId);
  return { ...member, auth: { token: member.accessToken }, tenant };
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
function sign(claims: object, secret = stack.jwtSecret): string {
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;
const claimsOf = (sub: string, exp: number) => ({ sub, exp, aud: "authenticated", role: "authenticated" });

describe("the handshake", () => {
  it("refuses what is not a member's valid token, and says why", async () => {
    const { userId, auth } = await signUp();
    const { url } = replica;
    expect(await refusalOf(url, {})).toBe("unauthenticated");
    expect(await refusalOf(url, { token: "rubbish" })).toBe("unauthenticated");
    expect(await refusalOf(url, { token: sign(claimsOf(userId, inSeconds(60)), "x".repeat(40)) })).toBe(
      "unauthenticated",
    );
    expect(await refusalOf(url, { token: sign(claimsOf(userId, inSeconds(-60))) })).toBe("token_expired");
    expect(await refusalOf(url, { token: sign(claimsOf(mintUuid(), inSeconds(60))) })).toBe("unauthenticated");
    expect(await refusalOf(url, { ...auth, tenant: (await signUp()).tenant })).toBe("unauthenticated");
  });

  it("refuses browsers of an origin that is not listed", async () => {
    const { auth } = await signUp();
    const from = (origin: string) => refusalOf(other.url, auth, { origin });
    expect(await from("http://evil.example")).toBe("websocket error");
    await expect(from("http://good.example")).rejects.toThrow("the client was let in");
  });

  it("says hello with the tenant and where its log stands", async () => {
    const { auth, tenant } = await signUp();
    const position = await office.headOf(tenant);
    await using client = await openClient(replica.url, auth);
    expect(client.hello).toMatchObject({ tenant, ...position, limits: { topics: 50 } });
    await waitFor(() => replica.messages().some((line) => line.startsWith("a dashboard connected")), {
      describe: "the log line",
    });
  });

  it("ends the connection with the token unless it is refreshed by the same member", async () => {
    const { userId, auth } = await signUp();
    await using short = await openClient(replica.url, { token: sign(claimsOf(userId, inSeconds(2))) });
    await using kept = await openClient(replica.url, { token: sign(claimsOf(userId, inSeconds(2))) });
    const gone = new Promise((resolve) => short.socket.once("disconnect", resolve));
    const foreign = (await signUp()).auth.token;
    expect(await kept.socket.emitWithAck("auth.refresh", { token: foreign })).toMatchObject({ ok: false });
    expect(await kept.socket.emitWithAck("auth.refresh", auth)).toMatchObject({ ok: true });
    expect(await gone).toBe("io server disconnect");
    expect(kept.socket.connected).toBe(true);
  });
});

describe("topics", () => {
  it("of another tenant are not found, and unknown ones are called so", async () => {
    const mine = await signUp();
    const theirs = await signUp();
    const foreign = await office.createSession(theirs.tenant, "theirs");
    const own = await office.createSession(mine.tenant, "mine");
    await using client = await openClient(replica.url, mine.auth);
    const results = await client.subscribe([
      { topic: `session:${foreign}` },
      { topic: `pairing:${foreign}` },
      { topic: `campaign:${mintUuid()}` },
      { topic: `chat:${mintUuid()}` },
      { topic: `topic:${theirs.tenant}:tenant` },
      { topic: `session:${own}` },
    ]);
    expect(results.map((result) => ("code" in result ? result.code : "ok"))).toEqual([
      "not_found",
      "not_found",
      "not_found",
      "not_found",
      "unknown_topic",
      "ok",
    ]);
  });

  it("show nothing of another tenant's log", async () => {
    const mine = await signUp();
    const theirs = await signUp();
    await using client = await openClient(replica.url, mine.auth);
    await client.subscribe([{ topic: "tenant" }, { topic: "inbox" }]);
    await office.append(theirs.tenant, [{}, {}]);
    const end = await office.append(mine.tenant, [{}]);
    await waitFor(() => client.batches.some(({ to }) => to === end), { describe: "my own event" });
    const tenants = new Set(client.batches.flatMap(({ events }) => events.map((event) => event.tenant)));
    expect([...tenants]).toEqual([mine.tenant]);
  });

  it("are refused when malformed, beyond fifty, or asked too fast", async () => {
    const { auth } = await signUp();
    await using client = await openClient(replica.url, auth);
    const ask = (topics: unknown) => client.socket.emitWithAck("subscribe", { topics } as never);
    expect(await ask("all")).toEqual({ problem: "validation_failed" });
    expect(await ask([])).toEqual({ problem: "validation_failed" });
    expect(await ask([{ topic: "tenant", after: -1 }])).toEqual({ problem: "validation_failed" });
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask([{ topic: "tenant" }])));
    expect(answers.filter((answer) => "problem" in answer && answer.problem === "rate_limited").length).toBeGreaterThan(
      0,
    );
  });

  it("are closed to a member who was removed", async () => {
    const { auth, tenant, userId } = await signUp();
    await using here = await openClient(replica.url, auth);
    await using there = await openClient(other.url, auth);
    const gone = Promise.all(
      [here, there].map(({ socket }) => new Promise((resolve) => socket.once("disconnect", resolve))),
    );
    await office.client.from("tenant_members").delete().eq("tenant_id", tenant).eq("user_id", userId);
    here.subscribe([{ topic: "tenant" }]).catch(() => undefined);
    await gone;
    expect(await refusalOf(other.url, auth)).toBe("unauthenticated");
  });
});

describe("pairing codes", () => {
  const code = (session: string, attempt: number) => ({
    session_id: session,
    kind: "qr" as const,
    value: `2@${"A1b2".repeat(8)},${"C3d4".repeat(8)},${"E5f6".repeat(8)},${attempt}`,
    attempt,
    round: 1,
    expires_at: new Date(Date.now() + 30_000).toISOString(),
  });

  it("reach those who watch that pairing on either replica, late comers too, and nobody else", async () => {
    const { auth, tenant } = await signUp();
    const session = await office.createSession(tenant, "pairing");
    await using watcher = await openClient(replica.url, auth);
    await using far = await openClient(other.url, auth);
    await using bystander = await openClient(replica.url, auth);
    await watcher.subscribe([{ topic: `pairing:${session}` }]);
    await bystander.subscribe([{ topic: "tenant" }, { topic: `session:${session}` }]);

    const shown = code(session, 1);
    await publishPairing(office.redis, shown);
    await waitFor(() => watcher.pairing.length === 1, { describe: "the code at the watcher" });
    expect(watcher.pairing).toEqual([shown]);
    await far.subscribe([{ topic: `pairing:${session}` }]);
    await waitFor(() => far.pairing.length === 1, { describe: "the latest code at the late comer" });
    expect(far.pairing).toEqual([shown]);

    const ended = { ...shown, value: null, expires_at: null };
    await publishPairing(office.redis, ended);
    await waitFor(() => watcher.pairing.length === 2 && far.pairing.length === 2, { describe: "the end of pairing" });
    expect(far.pairing[1]).toEqual(ended);
    expect(await readPairing(office.redis, session)).toBeNull();
    expect(bystander.pairing).toEqual([]);

    expect(replica.messages()).toContain("QR code 1 of round 1 shown to 1 viewer");
    const logged = replica.output() + other.output();
    expect(logged).not.toContain("A1b2A1b2");
    const { data } = await office.client.from("tenant_events").select("data").eq("tenant_id", tenant);
    expect(JSON.stringify(data)).not.toContain("A1b2A1b2");
  });

  it("are not shown to members who may not pair", async () => {
    const { auth, tenant, userId } = await signUp();
    const session = await office.createSession(tenant, "viewed");
    await office.client.from("tenant_members").update({ role: "viewer" }).eq("tenant_id", tenant).eq("user_id", userId);
    await using client = await openClient(replica.url, auth);
    expect(await client.subscribe([{ topic: `pairing:${session}` }])).toMatchObject([{ ok: false, code: "forbidden" }]);
  });
});

describe("operators", () => {
  it("read one sentence for a session's change of status", async () => {
    const { auth, tenant } = await signUp();
    const session = await office.createSession(tenant, "support");
    await using client = await openClient(replica.url, auth);
    await client.subscribe([{ topic: "tenant" }, { topic: `session:${session}` }]);
    await office.append(tenant, [
      {
        type: "session.status_changed",
        session: { id: session, name: "support", phone: null },
        subject: session,
        data: { previous: "starting", status: "awaiting_scan" },
      },
    ]);
    const sentence = "session support went from starting to awaiting_scan; told 1 dashboard";
    const line = await waitFor(() => replica.records().find(({ msg }) => msg === sentence), {
      describe: "the sentence",
    });
    expect(line).toMatchObject({ level: "info", sessionId: session, tenantId: tenant });
  });

  it("find health and metrics on the same port", async () => {
    const health = await fetch(`${replica.url}/healthz`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({
      status: "ok",
      components: { database: { status: "up" }, redis: { status: "up" } },
    });
    expect(await (await fetch(`${replica.url}/metrics`)).text()).toContain("flotilla_ws_connections");
    expect((await fetch(`${replica.url}/livez`)).status).toBe(200);
  });

  it.each([
    [
      { SUPABASE_URL: "http://127.0.0.1:4" },
      "SUPABASE_URL http://127.0.0.1:4 cannot be reached: nothing listens there",
    ],
    [{ SUPABASE_SECRET_KEY: "sb_secret_of-somebody-else-entirely" }, "SUPABASE_SECRET_KEY"],
    [{ REDIS_URL: "redis://127.0.0.1:1" }, "REDIS_URL redis://127.0.0.1:1 cannot be used: nothing listens there"],
    [{ REDIS_URL: "", PORT: "many" }, "2 settings are wrong"],
  ])("read in the first line what is wrong with %j", async (overrides, words) => {
    const failure = await startReplica(stack, overrides as Record<string, string>).then(
      () => "it started",
      (error: Error) => error.message,
    );
    expect(failure).toContain(`realtime cannot start: `);
    expect(failure).toContain(words);
  });
});
