// The fleet's dials and the way out of a worker that cannot reach WhatsApp, with worker processes on a stand-in network.
import { openTestStack, type TestStack } from "@flotilla/shared/testing/fixtures";
import { createLogger } from "@flotilla/shared/runtime/logger";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createDialTurns } from "../src/adapters/redis/dial-turns.ts";
import { createDialGate } from "../src/sessions/dial-gate.ts";
import { createSlots } from "../src/sessions/slots.ts";
import { openTenant, type TestTenant } from "./stack-helpers.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

let stack: TestStack;
let tenant: TestTenant;
const workers: WorkerProcess[] = [];
const logger = createLogger({ service: "test", level: "silent" });
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

beforeAll(async () => {
  stack = await openTestStack();
  tenant = await openTenant(stack);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.end("SIGKILL")));
});
afterAll(async () => await stack[Symbol.asyncDispose]());

/** A machine that runs other suites beside this one must not take a worker for dead. */
const slowly = { LEASE_TTL_MS: "9000", LEASE_MARGIN_MS: "1500", HEARTBEAT_MS: "500" };

/** The most that begin within any second. */
const peak = (times: number[]) =>
  Math.max(...times.map((from) => times.filter((each) => each >= from && each < from + 1_000).length));

/** Dials of three processes at once, each through its own gate; the times at which they may begin. */
async function dialAll(redisOf: () => Redis, perProcess: number): Promise<number[]> {
  const times: number[] = [];
  await Promise.all(
    [1, 2, 3].map(async () => {
      const redis = redisOf();
      if (redis.status !== "end") await waitFor(() => redis.status === "ready", { describe: "Redis" });
      const gate = createDialGate(createSlots(10), createDialTurns({ redis, workers: () => 3, logger, perSecond: 20 }));
      await Promise.all(
        Array.from({ length: perProcess }, async () => {
          const release = await gate.acquire();
          times.push(performance.now());
          release();
        }),
      );
      redis.disconnect();
    }),
  );
  return times;
}

test("three processes that dial everything at once keep to twenty dials a second together", async () => {
  const times = await dialAll(() => new Redis(stack.redisUrl), 15);
  expect(times).toHaveLength(45);
  expect(times.at(-1)! - times[0]!).toBeGreaterThan(2_100);
  // Timers of a busy machine are late, never early: some may slip into the next second.
  expect(peak(times)).toBeLessThanOrEqual(30);
});

test("without Redis each keeps to its part of it", async () => {
  const away = () => {
    const redis = new Redis({ lazyConnect: true });
    redis.disconnect();
    return redis;
  };
  const times = await dialAll(away, 10);
  expect(times).toHaveLength(30);
  expect(times.at(-1)! - times[0]!).toBeGreaterThan(1_300);
  expect(peak(times)).toBeLessThanOrEqual(24);
});

async function allConnected(count: number, describe: string): Promise<void> {
  await waitFor(
    async () => {
      const { data } = await tenant.client.from("whatsapp_sessions").select("id").eq("status", "connected");
      return data?.length === count;
    },
    { describe, timeoutMs: 90_000, intervalMs: 100 },
  ).catch(async (error: unknown) => {
    const { data } = await tenant.client.from("whatsapp_sessions").select("status,status_reason");
    const statuses = (data as { status: string; status_reason: string | null }[]).map(
      (row) => `${row.status}:${row.status_reason}`,
    );
    const logs = workers.map(({ lines }) =>
      lines
        .filter((line) => !line.startsWith("frame "))
        .slice(-8)
        .join("\n"),
    );
    throw new Error(`${String(error)} ${[...new Set(statuses)].join(" ")}\n${logs.join("\n---\n")}`);
  });
}

test("F14: sixty links lost at once are dialled at the fleet's pace, and all are open again", async () => {
  await Promise.all(Array.from({ length: 60 }, async (_, n) => await tenant.createSession(`s${n}`, n % 4)));
  const times: number[] = [];
  const take = (line: string) => {
    if (line.startsWith("dial ")) times.push(Number(line.slice(5)));
  };
  for (let n = 0; n < 2; n++) workers.push(startWorkerProcess("fake-worker.ts", stack, slowly, take));
  await allConnected(60, "sixty sessions connected");
  times.length = 0;
  for (const { child } of workers) child.kill("SIGUSR2");
  await waitFor(() => times.length >= 60, { describe: "sixty dials", timeoutMs: 60_000 });
  await allConnected(60, "sixty sessions connected again");
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(2_900);
  expect(peak(times)).toBeLessThanOrEqual(30);
});

test("W7 (g): a worker whose sessions cannot reach WhatsApp gives them to one whose can, and takes none for a while", async () => {
  const first = startWorkerProcess("fake-worker.ts", stack, slowly);
  workers.push(first);
  await allConnected(60, "sixty sessions connected at the first worker");
  const cutOff = startWorkerProcess("fake-worker.ts", stack, {
    ...slowly,
    CUT_OFF_AFTER_MS: "2000",
    FAKE_LOGIN_MS: "86400000",
  });
  workers.push(cutOff);
  await waitFor(() => cutOff.lines.some((line) => line.includes("no session here reaches WhatsApp")), {
    describe: "the second worker to notice",
    timeoutMs: 90_000,
  });
  await allConnected(60, "all sessions connected at the first worker again");
  // Counted by heartbeats, so a moment later than the rows of the sessions.
  const living = async () => {
    const now = new Date().toISOString();
    const { data } = await tenant.client.from("workers").select("accepting,links").gt("expires_at", now).order("links");
    return data as { accepting: boolean; links: number }[];
  };
  await waitFor(async () => (await living()).at(-1)?.links === 60, { describe: "sixty links at one worker" });
  expect(await living()).toEqual([
    { accepting: false, links: 0 },
    { accepting: true, links: 60 },
  ]);
});
