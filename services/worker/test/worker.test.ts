import { openTestStack, type TestStack } from "@flotilla/shared/testing/fixtures";
import { readPairing } from "@flotilla/shared/runtime/pairing-store";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SimulatorProcess, startSimulator } from "./simulator-process.ts";
import { openTenant, type TestTenant } from "./stack-helpers.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

let stack: TestStack;
let tenant: TestTenant;
let simulator: SimulatorProcess;
let redis: Redis;
let session: string;
const workers: WorkerProcess[] = [];
const account = "5511900000001";
const contact = (n: number) => `55119100000${String(n % 10).padStart(2, "0")}`;

beforeAll(async () => {
  [stack, simulator] = await Promise.all([openTestStack(), startSimulator()]);
  tenant = await openTenant(stack);
  redis = new Redis(stack.redisUrl);
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.end("SIGKILL")));
  redis.disconnect();
  await Promise.all([stack[Symbol.asyncDispose](), simulator[Symbol.asyncDispose]()]);
});

function startWorker(): WorkerProcess {
  const { webSocketUrl: WHATSAPP_URL, rootKey: WHATSAPP_ROOT_KEY } = simulator;
  const worker = startWorkerProcess("../src/main.ts", stack, { WHATSAPP_URL, WHATSAPP_ROOT_KEY });
  workers.push(worker);
  return worker;
}

const hasStatus = (status: string) =>
  waitFor(async () => (await tenant.sessionStatus(session)) === status, {
    describe: `status ${status}`,
    timeoutMs: 60_000,
    intervalMs: 50,
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${workers.map(({ lines }) => lines.slice(-30).join("\n")).join("\n---\n")}`);
  });

async function allRead(count: number): Promise<void> {
  await waitFor(async () => (await tenant.messageCounts())["read"] === count, {
    describe: `${count} messages to be read`,
    timeoutMs: 120_000,
    intervalMs: 200,
  }).catch(async (error: unknown) => {
    const counts = JSON.stringify(await tenant.messageCounts());
    throw new Error(
      `${String(error)} ${counts}\n${workers.map(({ lines }) => lines.slice(-30).join("\n")).join("\n---\n")}`,
    );
  });
}

/** Every message that the phones got, by WhatsApp id: each must have been shown once. */
async function visibleCopies(): Promise<number[]> {
  const ledgers = await Promise.all(Array.from({ length: 10 }, (_, n) => simulator.ledgerOf(contact(n), account)));
  return ledgers.flat().map((row) => row.visible_copies);
}

test("a session pairs by the code in Redis, and what was accepted meanwhile is sent, delivered and read, each shown once", async () => {
  session = await tenant.createSession("shop", 9);
  const early = await tenant.accept("shop", 10, contact);
  startWorker();
  const code = await waitFor(() => readPairing(redis, session), { describe: "a code", timeoutMs: 60_000 });
  await hasStatus("awaiting_scan");
  await simulator.call("POST", `/phones/${account}/scan-qr`, { qr: code.value });
  await hasStatus("connected");
  await waitFor(async () => (await readPairing(redis, session)) === null, { describe: "the code to be gone" });
  await tenant.accept("shop", 30, contact);
  await allRead(40);
  const copies = await visibleCopies();
  expect(copies).toHaveLength(40);
  expect(new Set(copies)).toEqual(new Set([1]));
  expect(early).toHaveLength(10);
  expect(workers[0]!.lines.join("\n")).not.toContain(code.value!);
}, 240_000);

test("what a person writes is stored once and counted as unread", async () => {
  await simulator.call("POST", `/phones/${contact(1)}/messages`, { to: account, text: "is it open?" });
  const chats = await waitFor(
    async () => {
      const page = await tenant.call<{ data: { unread: number; last_message: { direction: string } }[] }>(
        "list_chats",
        {
          p_tenant: tenant.tenant,
          p: { limit: 20, session },
        },
      );
      const unread = page.data.filter((chat) => chat.unread > 0);
      return unread.length > 0 ? unread : null;
    },
    { describe: "an unread chat" },
  );
  expect(chats).toHaveLength(1);
  expect(chats[0]!.last_message.direction).toBe("in");
});

test("a worker killed while it sends is replaced: no code, nothing lost, nothing shown twice", async () => {
  await tenant.accept("shop", 100, contact);
  await waitFor(async () => ((await tenant.messageCounts())["read"] ?? 0) > 60, {
    describe: "sending",
    timeoutMs: 60_000,
  });
  await workers[0]!.end("SIGKILL");
  startWorker();
  // The library confirms a receipt before we can store it, so a kill may cost a tick: delivery is promised, ticks are not.
  await waitFor(
    async () => {
      const { sent = 0, delivered = 0, read = 0 } = await tenant.messageCounts();
      return sent + delivered + read === 140;
    },
    { describe: "every message has the server's ack", timeoutMs: 120_000 },
  );
  await waitFor(async () => (await visibleCopies()).length === 140, {
    describe: "140 messages on phones",
    timeoutMs: 30_000,
  });
  const copies = await visibleCopies();
  expect(copies).toHaveLength(140);
  expect(new Set(copies)).toEqual(new Set([1]));
  const { data } = await tenant.client.from("tenant_events").select("type").eq("type", "session.paired");
  expect(data).toHaveLength(1);
}, 240_000);

test("workers are killed while people write: whatever WhatsApp was told we have is stored once, and all of it is", async () => {
  const queue = async () => {
    const { devices } = await simulator.call<{ devices: { size: number; connected: boolean }[] }>(
      "GET",
      `/queues?phone=${account}`,
    );
    return devices[0]!;
  };
  const texts = Array.from({ length: 60 }, (_, n) => `written ${n}`);
  const waitOptions = { timeoutMs: 120_000, intervalMs: 10 };
  for (const round of [0, 1]) {
    await waitFor(async () => (await queue()).connected, { describe: "a link", ...waitOptions });
    const burst = texts.slice(round * 30, round * 30 + 30);
    for (const [n, text] of burst.entries())
      await simulator.call("POST", `/phones/${contact(n)}/messages`, { to: account, text });
    // In the middle of what has just arrived.
    await waitFor(async () => (await queue()).size < 20, { describe: "some of it to be confirmed", ...waitOptions });
    await workers.at(-1)!.end("SIGKILL");
    startWorker();
  }
  await waitFor(async () => (await queue()).size === 0, { describe: "an empty queue", ...waitOptions });
  const waiting = async () =>
    (await tenant.client.from("inbound_journal").select("part").is("processed_at", null)).data?.length;
  await waitFor(async () => (await waiting()) === 0, { describe: "a journal without waiting rows", ...waitOptions });
  const { data } = await tenant.client
    .from("whatsapp_messages")
    .select("id,content")
    .eq("direction", "in")
    .like("content->>body", "written %");
  const stored = data as { id: string; content: { body: string } }[];
  expect(stored.map(({ content }) => content.body).toSorted()).toEqual(texts.toSorted());
  const { data: events } = await tenant.client
    .from("tenant_events")
    .select("subject")
    .eq("type", "message.received")
    .in(
      "subject",
      stored.map(({ id }) => id),
    );
  expect(events).toHaveLength(texts.length);
}, 300_000);

test("a stop keeps the link, a start needs no code, a log-out removes the device", async () => {
  await tenant.control("shop", "stop");
  await hasStatus("stopped");
  await tenant.control("shop", "start");
  await hasStatus("connected");
  await tenant.control("shop", "logout");
  await hasStatus("logged_out");
  const { data } = await tenant.client.from("whatsapp_sessions").select("auth_state,phone").eq("id", session).single();
  expect(data).toEqual({ auth_state: null, phone: null });
  expect(await workers.at(-1)!.end("SIGTERM")).toBe(0);
}, 240_000);
