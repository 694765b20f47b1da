import { readPairing } from "@flotilla/shared/runtime/pairing-store";
import { openTestStack, type TestStack } from "@flotilla/shared/testing/fixtures";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { Redis } from "ioredis";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SimulatorProcess, startSimulator } from "./simulator-process.ts";
import { openTenant, type TestTenant } from "./stack-helpers.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

let stack: TestStack;
let tenant: TestTenant;
let simulator: SimulatorProcess;
let redis: Redis;
let worker: WorkerProcess;
const account = "5511900000002";
/** Whoever has a number that starts so answers the first message with STOP. */
const stopper = (n: number) => `999075550${String(n).padStart(3, "0")}`;
const other = (n: number) => `55119200000${String(n).padStart(2, "0")}`;
const everybody = [
  ...Array.from({ length: 4 }, (_, n) => stopper(n)),
  ...Array.from({ length: 6 }, (_, n) => other(n)),
];
const confirmation = "You will get no more messages from us. Write START to get them again.";
const patience = { timeoutMs: 60_000, intervalMs: 100 };

beforeAll(async () => {
  [stack, simulator] = await Promise.all([openTestStack(), startSimulator()]);
  tenant = await openTenant(stack);
  redis = new Redis(stack.redisUrl);
  const { webSocketUrl: WHATSAPP_URL, rootKey: WHATSAPP_ROOT_KEY } = simulator;
  worker = startWorkerProcess("../src/main.ts", stack, { WHATSAPP_URL, WHATSAPP_ROOT_KEY });
  const session = await tenant.createSession("shop", 11);
  const code = await waitFor(() => readPairing(redis, session), { describe: "a code", ...patience });
  await simulator.call("POST", `/phones/${account}/scan-qr`, { qr: code.value });
  await waitFor(async () => (await tenant.sessionStatus(session)) === "connected", { describe: "a link", ...patience });
}, 120_000);
afterAll(async () => {
  await worker.end("SIGTERM");
  redis.disconnect();
  await Promise.all([stack[Symbol.asyncDispose](), simulator[Symbol.asyncDispose]()]);
});

async function totalsOf(campaign: string): Promise<Record<string, number>> {
  const totals = await tenant.call<Record<string, number>>("campaign_totals_json", { p_campaign: campaign });
  const { received, ...places } = totals;
  expect(Object.values(places).reduce((sum, n) => sum + n, 0)).toBe(received);
  return Object.fromEntries(Object.entries(totals).filter(([, n]) => n !== 0));
}

/** The planner's turns, as jobs would bring them, until the campaign has ended. */
async function runToEnd(campaign: string): Promise<void> {
  await waitFor(
    async () => {
      const { status } = await tenant.call<{ status: string }>("campaign_step", {
        p_campaign: campaign,
        p_window: 100,
      });
      return status === "completed";
    },
    { describe: "the campaign's end", ...patience },
  ).catch(async (error: unknown) => {
    throw new Error(
      `${String(error)} ${JSON.stringify(await totalsOf(campaign))}\n${worker.lines.slice(-20).join("\n")}`,
    );
  });
}

const textsTo = async (phone: string): Promise<(string | null)[]> =>
  (await simulator.ledgerOf(phone, account)).map(({ text_sha256 }) => text_sha256);
const hashed = (text: string): string => createHash("sha256").update(text).digest("hex");
const suppressedPhones = async (): Promise<string[]> => {
  const page = await tenant.call<{ data: { address: { phone: string } }[] }>("list_suppressions", {
    p_tenant: tenant.tenant,
    p: { limit: 100 },
  });
  return page.data.map(({ address }) => address.phone.slice(1)).toSorted();
};

test("whoever answers a campaign with STOP gets the confirmation and nothing else, from no later campaign and no single message", async () => {
  const first = await tenant.startCampaign(["shop"], everybody.length, (n) => everybody[n]!);
  await runToEnd(first);
  const stoppers = everybody.slice(0, 4);
  await waitFor(async () => (await suppressedPhones()).length === 4, { describe: "four suppressions", ...patience });
  expect(await suppressedPhones()).toEqual(stoppers.toSorted());
  for (const phone of stoppers)
    await waitFor(async () => (await textsTo(phone)).length === 2, { describe: `the answer to ${phone}`, ...patience });

  const second = await tenant.startCampaign(["shop"], everybody.length, (n) => everybody[n]!);
  await runToEnd(second);
  await expect(tenant.accept("shop", 1, () => stopper(0))).rejects.toThrow("opted_out");
  for (const [n, phone] of everybody.entries()) {
    const got = await textsTo(phone);
    expect(got, phone).toHaveLength(2);
    expect(got[0], phone).toBe(hashed(`Hi ${n}`));
    expect(got[1], phone).toBe(hashed(n < 4 ? confirmation : `Hi ${n}`));
  }
  const { suppressed, ...rest } = await totalsOf(second);
  expect(suppressed).toBe(4);
  const sum = Object.entries(rest).filter(([place]) => ["sent", "delivered", "read"].includes(place));
  expect(sum.reduce((total, [, n]) => total + n, 0)).toBe(6);
}, 120_000);

test("a STOP in the middle takes back what waits, and START lets the person be written to again", async () => {
  const phone = other(7);
  await tenant.accept("shop", 1, () => phone);
  await waitFor(async () => (await textsTo(phone)).length === 1, { describe: "the first", ...patience });
  // So many in one chat that most of them wait when the answer comes: one message of a chat is in flight.
  const ids = await tenant.accept("shop", 150, () => phone);
  await simulator.call("POST", `/phones/${phone}/messages`, { to: account, text: "Pare!" });
  await waitFor(
    async () => {
      const { data } = await tenant.client.from("whatsapp_messages").select("status").in("id", ids);
      const statuses = (data as { status: string }[]).map(({ status }) => status);
      return statuses.every((status) => ["sent", "delivered", "read", "canceled", "failed"].includes(status));
    },
    { describe: "an end for each", ...patience },
  );
  const { data: told } = await tenant.client
    .from("whatsapp_messages")
    .select("id")
    .in("id", ids)
    .eq("status", "canceled")
    .eq("status_reason", "opted_out");
  const canceled = told!.length;
  expect(canceled).toBeGreaterThan(0);
  await waitFor(async () => (await textsTo(phone)).length === 1 + 150 - canceled + 1, {
    describe: "what had left, and the answer",
    ...patience,
  });
  expect((await textsTo(phone)).at(-1)).toBe(
    hashed("Você não receberá mais mensagens nossas. Escreva VOLTAR para recebê-las de novo."),
  );
  await simulator.call("POST", `/phones/${phone}/messages`, { to: account, text: "voltar" });
  await waitFor(async () => !(await suppressedPhones()).includes(phone), { describe: "no suppression", ...patience });
  const before = (await textsTo(phone)).length;
  await tenant.accept("shop", 1, () => phone);
  await waitFor(async () => (await textsTo(phone)).length === before + 1, { describe: "one more", ...patience });
}, 120_000);
