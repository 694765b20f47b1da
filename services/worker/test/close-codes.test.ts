import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { defaultLimits } from "../src/adapters/whatsapp/watchdog.ts";
import { type BenchSession, RunnerBench } from "./runner-bench.ts";
import { startSimulator } from "./simulator-process.ts";

/** What links are opened with, when a test needs something else; given back after it. */
let usual: RunnerBench["environment"];
/** One row of the table: how the link ends, and what must come of it. Chance is one half, so delays are exact. */
interface Expected {
  status: string;
  reason: string | null;
  /** Milliseconds until the next dial; null: none without a person. */
  dialInMs: number | null;
  /** How much less it may be, where the end is told in the time of day. */
  slackMs?: number;
}
const lost = (reason: string, dialInMs: number): Expected => ({ status: "reconnecting", reason, dialInMs });
const rests = (status: string, reason: string, dialInMs: number | null = null): Expected => ({
  status,
  reason,
  dialInMs,
});
const banned = (dialInMs: number): Expected => ({ ...rests("restricted", "temporary_ban", dialInMs), slackMs: 20_000 });

let bench: RunnerBench;
let shop: BenchSession;

beforeAll(async () => {
  bench = await RunnerBench.open({ watchdogIntervalMs: 50 });
  usual = bench.environment;
  shop = await bench.session("shop");
  await shop.pair();
}, 180_000);
afterEach(async () => {
  bench.environment = usual;
  await bench.simulator.call("DELETE", "/faults");
  await bench.redis.flushall();
});
afterAll(async () => await bench[Symbol.asyncDispose]());

/** Checks all that a close may change, then that the session dials when its time has come, and not before. */
async function expectAfterClose(expected: Expected, dialsBefore: number, identity: string): Promise<void> {
  const { status, reason, slackMs = 0 } = expected;
  await shop.is(status, reason);
  const dialInMs = shop.runner.nextDialInMs();
  const isInTime = slackMs > 0 && dialInMs! <= expected.dialInMs! && dialInMs! > expected.dialInMs! - slackMs;
  expect(isInTime ? expected.dialInMs : dialInMs).toBe(expected.dialInMs);
  expect(await shop.identity()).toBe(identity);
  expect((await shop.told()).at(-1)).toBe(`${status}:${reason}`);
  bench.pass(dialInMs === null ? 86_400_000 : Math.max(0, dialInMs - 1));
  await bench.deps.sessions.load(shop.shard, shop.id);
  expect(bench.dials - dialsBefore).toBe(0);
  if (dialInMs === null) return;
  bench.pass(1);
  await shop.is("connected");
  expect(bench.dials - dialsBefore).toBe(1);
  expect(await shop.identity()).toBe(identity);
}

describe("an open link that ends", () => {
  it.each<[string, Parameters<BenchSession["end"]>, Expected]>([
    ["402 failure", ["failure_402", { expire_s: 3_600 }], banned(3_630_000)],
    ["403 failure", ["failure_403"], rests("banned", "code_403")],
    ["406 failure", ["failure", { code: 406 }], rests("banned", "code_406")],
    ["405 failure", ["failure_405"], rests("failed", "client_outdated", 900_000)],
    ["408 failure", ["failure", { code: 408 }], lost("code_408", 500)],
    ["409 failure", ["failure", { code: 409 }], rests("failed", "configuration", 900_000)],
    ["413 failure", ["failure", { code: 413 }], lost("code_413", 3_500)],
    ["414 failure", ["failure", { code: 414 }], lost("code_414", 3_500)],
    ["415 failure", ["failure", { code: 415 }], lost("code_415", 3_500)],
    ["428 end of the stream", ["stream_end"], lost("code_428", 500)],
    ["428 reset of the connection", ["reset"], lost("code_428", 500)],
    ["428 close", ["close"], lost("code_428", 500)],
    ["429 stream error", ["429"], lost("code_429", 30_000)],
    ["499 failure", ["failure", { code: 499 }], lost("code_499", 3_500)],
    ["500 stream error", ["500"], lost("code_500", 2_000)],
    ["501 failure", ["failure", { code: 501 }], lost("code_501", 3_500)],
    ["503 stream error", ["503"], lost("code_503", 5_000)],
    ["503 failure", ["failure_503"], lost("code_503", 5_000)],
    ["a code that nobody knows", ["stream_error", { code: 599 }], lost("code_599", 2_000)],
    ["a frame that does not decrypt", ["garbage"], lost("unreadable_frame", 500)],
    ["a frame that is no stanza", ["garbage_stanza"], lost("unreadable_frame", 500)],
  ])(
    "%s",
    async (_, end, expected) => {
      await shop.fresh();
      const [identity, dials] = [await shop.identity(), bench.dials];
      await shop.end(...end);
      await expectAfterClose(expected, dials, identity!);
    },
    60_000,
  );
});

describe("a dial that fails", () => {
  /** Loses the link, breaks what the next dial meets, and lets it begin. */
  async function dialInto(breakIt: () => Promise<unknown>): Promise<{ identity: string | null; dials: number }> {
    await shop.fresh();
    const identity = await shop.identity();
    await shop.end("close");
    await shop.is("reconnecting", "code_428");
    await breakIt();
    const { dials } = bench;
    bench.pass(500);
    await waitFor(() => bench.dials === dials + 1, { describe: "the dial" });
    return { identity, dials: bench.dials };
  }
  const fault = (kind: string, more: object = {}) =>
    bench.simulator.call("POST", "/faults", { kind, times: 1, ...more });

  it.each<[string, () => Promise<unknown>, Expected]>([
    [
      "HTTP 403 instead of the WebSocket",
      () => fault("refuse_upgrade", { code: 403 }),
      rests("failed", "configuration"),
    ],
    [
      "HTTP 404 instead of the WebSocket",
      () => fault("refuse_upgrade", { code: 404 }),
      rests("failed", "configuration"),
    ],
    ["HTTP 429 instead of the WebSocket", () => fault("refuse_upgrade", { code: 429 }), lost("code_429", 45_000)],
    ["HTTP 500 instead of the WebSocket", () => fault("refuse_upgrade", { code: 500 }), lost("code_500", 7_500)],
    ["HTTP 503 instead of the WebSocket", () => fault("refuse_upgrade", { code: 503 }), lost("code_503", 7_500)],
    ["a certificate chain of somebody else", () => fault("bad_certificate"), rests("failed", "configuration")],
    ["login refused with 402", () => fault("refuse_login", { code: 402, expire_s: 60 }), banned(90_000)],
    ["login refused with 403", () => fault("refuse_login", { code: 403 }), rests("banned", "code_403")],
    ["login refused with 405", () => fault("refuse_login", { code: 405 }), rests("failed", "client_outdated", 900_000)],
    ["login refused with 503", () => fault("refuse_login", { code: 503 }), lost("code_503", 7_500)],
    [
      "nobody at the address",
      async () => (bench.environment = { ...usual, webSocketUrl: "ws://127.0.0.1:9/ws/chat" }),
      lost("code_408", 1_000),
    ],
    [
      "a server that takes the connection and stays mute",
      async () => {
        bench.environment = { ...usual, limits: { ...defaultLimits, loginMs: 300 } };
        await fault("silent_connection");
      },
      lost("no_login", 1_000),
    ],
  ])(
    "%s",
    async (_, breakIt, expected) => {
      const { identity, dials } = await dialInto(breakIt);
      // The dial met what it was to meet; the next one finds everything as usual.
      await shop.is(expected.status, expected.reason);
      bench.environment = usual;
      await expectAfterClose(expected, dials, identity!);
    },
    60_000,
  );

  it("a certificate that nobody vouches for stops the session", async () => {
    await using tls = await startSimulator("--tls");
    const { identity, dials } = await dialInto(
      async () => (bench.environment = { ...usual, webSocketUrl: tls.webSocketUrl }),
    );
    await expectAfterClose(rests("failed", "configuration"), dials, identity!);
  }, 60_000);
});

describe("ends that are told apart by more than a code", () => {
  it("401 with its proof: logged out, nothing dialled, credentials out of use and kept sealed", async () => {
    await shop.fresh();
    const [identity, { dials }] = [await shop.identity(), bench];
    await shop.end("device_removed");
    await shop.is("logged_out");
    const row = await shop.row();
    expect(row.auth_state).toBeNull();
    expect(shop.identityIn(row.retired_auth_state)).toBe(identity);
    expect(shop.runner.nextDialInMs()).toBeNull();
    bench.pass(86_400_000);
    await bench.deps.sessions.load(shop.shard, shop.id);
    expect(bench.dials).toBe(dials);
    expect((await shop.told()).filter((told) => told.startsWith("logged_out"))).toHaveLength(1);
  }, 60_000);

  it.each<[string, Parameters<BenchSession["end"]>]>([
    ["401 as a failure", ["failure_401"]],
    ["419 as a failure", ["failure", { code: 419 }]],
    ["411, no multi-device", ["downgrade"]],
  ])(
    "%s: logged out as well",
    async (_, end) => {
      await shop.fresh();
      const identity = await shop.identity();
      await shop.end(...end);
      const row = await shop.is("logged_out");
      expect([row.auth_state, shop.identityIn(row.retired_auth_state)]).toEqual([null, identity]);
      expect(shop.runner.nextDialInMs()).toBeNull();
    },
    60_000,
  );

  it("401 without a proof: one try after a minute, then logged out, and the credentials stay", async () => {
    await shop.fresh();
    const [identity, { dials }] = [await shop.identity(), bench];
    await shop.end("stream_error", { code: 401 });
    await expectAfterClose(lost("unlinked_maybe", 60_000), dials, identity!);
    await shop.end("stream_error", { code: 401 });
    await expectAfterClose(
      { ...rests("logged_out", (await shop.is("logged_out")).status_reason!) },
      dials + 1,
      identity!,
    );
  }, 60_000);

  it("440 while the lease is ours: half a minute, then a try a minute, three in all, then a person is asked", async () => {
    await shop.fresh();
    const identity = await shop.identity();
    for (const delay of [30_000, 60_000, 60_000]) {
      const { dials } = bench;
      await shop.end("replaced");
      await expectAfterClose({ ...lost("replaced_by_another_client", delay), status: "conflict" }, dials, identity!);
    }
    const { dials } = bench;
    await shop.end("replaced");
    await expectAfterClose({ ...rests("conflict", "replaced_by_another_client") }, dials, identity!);
  }, 60_000);

  it("500 five times within ten minutes: unstable, still tried, credentials untouched", async () => {
    await shop.fresh();
    const identity = await shop.identity();
    for (let nth = 1; nth <= 5; nth++) {
      const { dials } = bench;
      await shop.end("500");
      await expectAfterClose(lost(nth < 5 ? "code_500" : "unstable", 1_000 + 1_000 * 2 ** (nth - 1)), dials, identity!);
    }
  }, 60_000);

  it("515: at once, told to nobody, and not counted", async () => {
    await shop.fresh();
    const [identity, { dials }, told] = [await shop.identity(), bench, (await shop.told()).length];
    await shop.end("515");
    await waitFor(() => bench.dials === dials + 1, { describe: "the dial" });
    await waitFor(async () => (await shop.told()).length > told && (await shop.row()).status === "connected", {
      describe: "connected again",
    });
    const since = (await shop.told()).slice(told);
    expect(since.filter((each) => /failed|logged_out|code_/.test(each))).toEqual([]);
    expect(await shop.identity()).toBe(identity);
    await shop.end("500");
    // The first loss of its kind: the restart before did not lengthen the wait.
    await expectAfterClose(lost("code_500", 2_000), dials + 1, identity!);
  }, 60_000);

  it("codes that nobody scans: three rounds, then pairing has failed until a person asks", async () => {
    bench.environment = { ...usual, qrMs: 60 };
    const { dials } = bench;
    const other = await bench.session("unscanned");
    await other.is("failed", "qr_expired");
    expect(bench.dials - dials).toBe(3);
    expect((await other.told()).at(-1)).toBe("failed:qr_expired");
    bench.pass(86_400_000);
    await bench.deps.sessions.load(other.shard, other.id);
    expect(bench.dials - dials).toBe(3);
    await other.ask("restart");
    await other.is("awaiting_scan");
    other.runner.fence();
  }, 60_000);

  it("503 while a code is shown: backed off like any other, not taken for an expired code", async () => {
    const other = await bench.session("pairing");
    await other.is("awaiting_scan");
    const { links } = await bench.simulator.call<{ links: { id: string; phone: string | null }[] }>("GET", "/links");
    const mine = links.filter(({ phone }) => phone === null).at(-1)!;
    await bench.simulator.call("POST", `/links/${mine.id}/end`, { kind: "503" });
    await other.is("reconnecting", "code_503");
    expect(other.runner.nextDialInMs()).toBe(5_000);
    bench.pass(5_000);
    await other.is("awaiting_scan");
    other.runner.fence();
  }, 60_000);
});

describe("our own reasons", () => {
  it("silence on the link: reconnecting, by the watchdog's word", async () => {
    bench.environment = { ...usual, keepAliveMs: 300, limits: { ...defaultLimits, silenceMs: 3_000 } };
    await shop.ask("restart");
    await shop.is("starting");
    await shop.is("connected");
    const [identity, { dials }] = [await shop.identity(), bench];
    await shop.end("mute");
    await shop.is("reconnecting", "silent");
    bench.environment = usual;
    await expectAfterClose(lost("silent", 500), dials, identity!);
  }, 60_000);

  it.each<[string, (session: BenchSession) => unknown]>([
    ["the lease is lost", (session) => session.runner.fence()],
    [
      "another socket wins, and the lease is not ours any more",
      async (session) => {
        bench.onClosed = () => void bench.lost.add(session.shard);
        await session.end("replaced");
      },
    ],
  ])(
    "%s: the session is left silently, the next owner says what it is",
    async (_, end) => {
      const other = await bench.session(`left-${bench.sessions.length}`);
      await other.pair();
      // Not the sealed row: the library may store more of what it learned at any time before the end.
      const seen = async () => {
        const { status, status_reason: reason } = await other.row();
        return { status, reason, identity: await other.identity(), told: await other.told() };
      };
      const [before, { dials }] = [await seen(), bench];
      try {
        await end(other);
        await other.runner.done;
        expect(await seen()).toEqual(before);
        expect(bench.dials).toBe(dials);
      } finally {
        bench.onClosed = () => {};
      }
    },
    60_000,
  );
});

describe("the fleet's breaker", () => {
  it("stops every dial when three sessions are refused as outdated, probes once, and lets all dial when the client is taken", async () => {
    const sessions = [shop, ...(await Promise.all(["b", "c", "d"].map((name) => bench.session(name))))];
    await Promise.all(sessions.slice(1).map((session) => session.pair()));
    await Promise.all(sessions.map((session) => session.fresh()));
    const { id } = await bench.simulator.call<{ id: string }>("POST", "/faults", { kind: "refuse_login", code: 405 });
    for (const session of sessions.slice(0, 3)) await session.end("reset");
    for (const session of sessions.slice(0, 3)) await session.is("reconnecting");
    bench.pass(500);
    for (const session of sessions.slice(0, 3)) await session.is("failed", "client_outdated");
    await waitFor(() => bench.breaker.reason() === "client_outdated", { describe: "the breaker to open" });
    // The fourth was never refused: the fleet's word keeps it from dialling.
    const { dials } = bench;
    await sessions[3]!.end("reset");
    await sessions[3]!.is("reconnecting");
    bench.pass(500);
    await sessions[3]!.is("failed", "client_outdated");
    bench.pass(3_600_000);
    await bench.deps.sessions.load(shop.shard, shop.id);
    expect(bench.dials).toBe(dials);
    // The probe comes due (in Redis, by its own clock) while the client is still refused: one dial.
    await dueProbe();
    await waitFor(() => bench.pass(1) ?? bench.dials === dials + 1, { describe: "the probe" });
    await Promise.all(sessions.map((session) => session.is("failed", "client_outdated")));
    bench.pass(1);
    await bench.deps.sessions.load(shop.shard, shop.id);
    expect(bench.dials).toBe(dials + 1);
    // And once more when it is taken: one dial, then everybody's.
    await bench.simulator.call("DELETE", `/faults/${id}`);
    await dueProbe();
    await waitFor(() => bench.pass(1) ?? bench.breaker.reason() === null, { describe: "the breaker to close" });
    bench.pass(1);
    await Promise.all(sessions.map((session) => session.is("connected")));
    expect(bench.dials).toBe(dials + 1 + sessions.length);
  }, 90_000);

  async function dueProbe(): Promise<void> {
    for (const key of await bench.redis.keys("*:probe")) await bench.redis.del(key);
  }
});
