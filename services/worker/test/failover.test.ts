import { openTestStack, type TestStack } from "@flotilla/shared/testing/fixtures";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Frame } from "./fake-link.ts";
import { openTenant, type TestTenant } from "./stack-helpers.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

let stack: TestStack;
let tenant: TestTenant;
const workers = new Set<WorkerProcess>();
const stacks: TestStack[] = [];

beforeEach(async () => {
  stack = await openTestStack();
  stacks.push(stack);
  tenant = await openTenant(stack);
});
afterEach(async () => {
  await Promise.all([...workers].map((worker) => worker.end("SIGKILL")));
  workers.clear();
});
afterAll(async () => {
  for (const each of stacks) await each[Symbol.asyncDispose]();
});

interface Fleet extends WorkerProcess {
  frames: Frame[];
}

function startProcess(): Fleet {
  const frames: Frame[] = [];
  const worker = startWorkerProcess("fake-worker.ts", stack, {}, (line) => {
    if (line.startsWith("frame ")) frames.push(JSON.parse(line.slice(6)) as Frame);
  });
  workers.add(worker);
  return { ...worker, frames };
}

// Generous for a machine that runs other suites beside this one.
vi.setConfig({ testTimeout: 180_000 });

const phone = (n: number) => `5511${String(90_000_000 + (n % 40))}`;

async function openSessions(count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, n) => `s${n}`);
  await Promise.all(names.map((name, n) => tenant.createSession(name, n * 7)));
  return names;
}

async function allConnected(ids: number, describe = "every session to be connected"): Promise<void> {
  await waitFor(
    async () => {
      const { data } = await tenant.client.from("whatsapp_sessions").select("status").eq("status", "connected");
      return data?.length === ids;
    },
    { describe, timeoutMs: 60_000, intervalMs: 100 },
  );
}

const shardsByOwner = async () => {
  const { data } = await tenant.client.from("shards").select("shard,owner").lt("shard", 42).not("owner", "is", null);
  return data as { shard: number; owner: string }[];
};

async function allSent(count: number, timeoutMs = 90_000): Promise<void> {
  await waitFor(async () => (await tenant.messageCounts())["sent"] === count, {
    describe: `${count} messages to be sent`,
    timeoutMs,
    intervalMs: 200,
  }).catch(async (error: unknown) => {
    throw new Error(`${String(error)} ${JSON.stringify(await tenant.messageCounts())}`);
  });
}

/** Every message under one WhatsApp id; and first frames of a chat in the order in which they were accepted. */
function checkFrames(frames: Frame[], messages: number): void {
  const ids = new Map<string, Set<string>>();
  const lastSeq = new Map<string, number>();
  const outOfOrder: string[] = [];
  for (const { message, waMessageId, chat, lane, seq } of frames) {
    const seen = ids.get(message) ?? new Set();
    const key = `${chat} ${lane}`;
    if (seen.size === 0 && seq < (lastSeq.get(key) ?? 0)) outOfOrder.push(`${key}: ${seq}`);
    if (seen.size === 0) lastSeq.set(key, seq);
    ids.set(message, seen.add(waMessageId));
  }
  expect(outOfOrder).toEqual([]);
  expect(ids.size).toBe(messages);
  for (const seen of ids.values()) expect(seen.size).toBe(1);
}

describe("two workers", () => {
  test("share the sessions; when one is killed the other finds all of them and finishes every message once", async () => {
    const names = await openSessions(6);
    const [first, second] = [startProcess(), startProcess()];
    await allConnected(6);
    await waitFor(
      async () =>
        new Set((await shardsByOwner()).filter(({ shard }) => shard % 7 === 0).map(({ owner }) => owner)).size === 2,
      { describe: "both workers to hold sessions", timeoutMs: 60_000 },
    );
    for (const name of names) await tenant.accept(name, 150, phone);
    await waitFor(() => first.frames.length > 20 && second.frames.length > 20, {
      describe: "both to send",
      timeoutMs: 60_000,
    });
    await first.end("SIGKILL");
    await allSent(900);
    await waitFor(async () => new Set((await shardsByOwner()).map(({ owner }) => owner)).size === 1, {
      describe: "one owner of all shards",
      timeoutMs: 30_000,
    });
    checkFrames([...first.frames, ...second.frames], 900);
    const repeats = [...first.frames, ...second.frames].length - 900;
    // At most what was on the wire of the killed worker: 8 chats of each of its sessions.
    expect(repeats).toBeLessThanOrEqual(6 * 8);
    await allConnected(6, "every session to be connected again");
  });

  test("a worker that is asked to end hands its sessions over in order, without one repeat", async () => {
    const names = await openSessions(4);
    const [first, second] = [startProcess(), startProcess()];
    await allConnected(4);
    for (const name of names) await tenant.accept(name, 150, phone);
    await waitFor(() => first.frames.length + second.frames.length > 60, { describe: "sending", timeoutMs: 60_000 });
    expect(await first.end("SIGTERM"), first.lines.slice(-20).join("\n")).toBe(0);
    await allSent(600);
    checkFrames([...first.frames, ...second.frames], 600);
    expect([...first.frames, ...second.frames]).toHaveLength(600);
    expect(second.lines.join("\n")).not.toContain('"level":"error"');
  });

  test("a worker that joins is given its share", async () => {
    await openSessions(6);
    const first = startProcess();
    await allConnected(6);
    startProcess();
    await waitFor(
      async () => {
        const owners = (await shardsByOwner()).filter(({ shard }) => shard % 7 === 0).map(({ owner }) => owner);
        return (
          owners.length === 6 &&
          new Set(owners).size === 2 &&
          Math.abs(owners.filter((o) => o === owners[0]).length - 3) <= 1
        );
      },
      { describe: "three sessions each", timeoutMs: 60_000, intervalMs: 100 },
    );
    await allConnected(6);
    expect(first.lines.join("\n")).toContain("handed shard");
  });
});

describe("one worker", () => {
  test("frozen past its lease it drops its links at once and sends nothing more under the old lease", async () => {
    const [name] = await openSessions(1);
    const first = startProcess();
    await allConnected(1);
    await tenant.accept(name!, 800, phone);
    await waitFor(() => first.frames.length > 20, { describe: "sending", timeoutMs: 60_000 });
    first.child.kill("SIGSTOP");
    const second = startProcess();
    await waitFor(() => second.frames.length > 20, { describe: "the other to send", timeoutMs: 60_000 });
    const before = first.frames.length;
    first.child.kill("SIGCONT");
    await waitFor(
      () => first.child.signalCode !== null || first.lines.some((line) => line.includes("dropped at once")),
      {
        describe: "the fence, or the watchdog",
      },
    );
    const ofSecond = new Set(second.frames.map(({ message }) => message));
    const late = first.frames.slice(before).filter(({ message }) => ofSecond.has(message));
    expect(late.length).toBeLessThanOrEqual(8);
    await allSent(800);
    checkFrames([...first.frames.slice(0, before), ...second.frames], 800);
  });

  test("Redis forgets everything while it sends, wake-ups included: the sweep finds the rest", async () => {
    const [name] = await openSessions(1);
    const first = startProcess();
    await allConnected(1);
    const redis = new Redis(stack.redisUrl);
    for (let round = 0; round < 4; round++) {
      await tenant.accept(name!, 100, phone);
      await redis.flushall();
    }
    await allSent(400);
    checkFrames(first.frames, 400);
    expect(first.frames).toHaveLength(400);
    redis.disconnect();
  });

  test("Redis forgets everything during a campaign: housekeeping comes back by itself and brings it to its end", async () => {
    await openSessions(2);
    const first = startProcess();
    await allConnected(2);
    const campaign = await tenant.startCampaign(["s0", "s1"], 300, (n) => `5521${90_000_000 + n}`);
    await waitFor(() => first.frames.length > 20, { describe: "the campaign to run", timeoutMs: 30_000 });
    const redis = new Redis(stack.redisUrl);
    await redis.flushall();
    redis.disconnect();
    const finished = await waitFor(
      async () => {
        const now = await tenant.call<{ status: string; totals: Record<string, number> }>("get_campaign", {
          p_tenant: tenant.tenant,
          p_campaign: campaign,
        });
        return now.status === "completed" ? now : null;
      },
      { describe: "the campaign to be completed", timeoutMs: 60_000, intervalMs: 250 },
    );
    expect(finished.totals).toMatchObject({ received: 300, sent: 300, planned: 0, queued: 0, failed: 0 });
    expect(first.frames).toHaveLength(300);
  });
});
