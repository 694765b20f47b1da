import { openTestStack, type TestStack } from "@flotilla/shared/testing/fixtures";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { maxDeaths } from "../src/sessions/careful-mode.ts";
import { poison } from "./fake-link.ts";
import { openTenant, type TestTenant } from "./stack-helpers.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

let stack: TestStack;
let tenant: TestTenant;
const started: WorkerProcess[] = [];

beforeAll(async () => {
  stack = await openTestStack();
  tenant = await openTenant(stack);
});
afterAll(async () => {
  await Promise.all(started.map((worker) => worker.end("SIGKILL")));
  await stack[Symbol.asyncDispose]();
});
// Generous for a machine that runs other suites beside this one.
vi.setConfig({ testTimeout: 180_000 });

/** Messages that reached the wire, in order. */
const sent: string[] = [];

function begin(): WorkerProcess {
  const worker = startWorkerProcess("fake-worker.ts", stack, {}, (line) => {
    if (line.startsWith("frame ")) sent.push((JSON.parse(line.slice(6)) as { message: string }).message);
  });
  started.push(worker);
  return worker;
}

test("a message that kills each worker that touches it is set aside after three counted deaths; everything else is sent once", async () => {
  await tenant.createSession("poisoned", 1);
  await tenant.createSession("neighbour", 2);
  let worker = begin();
  const isConnected = async () =>
    (await tenant.sessionStatus(await idOf("poisoned"))) === "connected" &&
    (await tenant.sessionStatus(await idOf("neighbour"))) === "connected";
  await waitFor(isConnected, { describe: "both sessions to be connected", timeoutMs: 60_000, intervalMs: 100 });

  const phone = (n: number) => `5511${90_000_000 + (n % 4)}`;
  const others = [...(await tenant.accept("neighbour", 12, phone))];
  const [killer] = await tenant.accept("poisoned", 1, () => "551190000009", poison);
  others.push(...(await tenant.accept("poisoned", 3, () => "551190000009")));
  others.push(...(await tenant.accept("poisoned", 12, phone)));

  const statusOf = async (id: string) => {
    const { data } = await tenant.client.from("whatsapp_messages").select("status,failure").eq("id", id).single();
    return data as { status: string; failure: { code: string } | null };
  };
  let deaths = 0;
  await waitFor(
    async () => {
      if (worker.child.signalCode === "SIGKILL") {
        deaths++;
        worker = begin();
      }
      return (await statusOf(killer!)).status === "failed";
    },
    { describe: "the message to be set aside", timeoutMs: 150_000, intervalMs: 50 },
  );
  expect((await statusOf(killer!)).failure?.code).toBe("poisoned");
  // The first death cannot be counted, as nobody knows of a reason to; unless the worker had lost its lease by then.
  expect(deaths).toBeGreaterThanOrEqual(maxDeaths);
  expect(deaths).toBeLessThanOrEqual(maxDeaths + 1);
  await waitFor(async () => (await tenant.messageCounts())["sent"] === others.length, {
    describe: "all the others to be sent",
    timeoutMs: 60_000,
  });
  expect(new Set(sent)).toEqual(new Set(others));
  // A repeat is possible for what was on the wire at each death: one of each chat.
  expect(sent.length - others.length).toBeLessThanOrEqual(deaths * 9);
});

test("a session's row and a message's row that make no sense are set aside alone, and a restart brings the session back", async () => {
  const broken = await tenant.createSession("broken", 3);
  const { error } = await tenant.client.from("whatsapp_sessions").update({ status: "sideways" }).eq("id", broken);
  expect(error).toBeNull();
  await tenant.createSession("beside", 3);
  const [senseless, next] = await tenant.accept("beside", 2, () => "551190000077");
  await tenant.client.from("whatsapp_messages").update({ content: [] }).eq("id", senseless!);
  if (started.every(({ child }) => child.exitCode !== null || child.signalCode !== null)) begin();
  const rowOf = async (id: string) =>
    (await tenant.client.from("whatsapp_messages").select("status,status_reason").eq("id", id).single()).data;
  await waitFor(async () => (await rowOf(next!))?.["status"] === "sent", {
    describe: "the message behind the senseless one",
    timeoutMs: 60_000,
  });
  await waitFor(async () => (await rowOf(senseless!))?.["status"] === "failed", { describe: "the senseless one" });
  await waitFor(async () => (await tenant.sessionStatus(broken)) === "failed", { describe: "the broken session" });
  await tenant.control("broken", "restart");
  await waitFor(async () => (await tenant.sessionStatus(broken)) === "connected", {
    describe: "the session to be back",
    timeoutMs: 60_000,
  });
});

async function idOf(name: string): Promise<string> {
  const { data } = await tenant.client.from("whatsapp_sessions").select("id").eq("name", name).single();
  return (data as { id: string }).id;
}
