// Failures F1 to F35 of docs/failure-catalogue.md that one link shows, with the real library on a simulated network.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createLibraryLogger } from "../src/adapters/whatsapp/library-logger.ts";
import { defaultLimits } from "../src/adapters/whatsapp/watchdog.ts";
import { SendFailed } from "../src/ports.ts";
import { LinkBench, type LinkClient, newWaMessageId } from "./link-client.ts";
import { type SimulatorProcess, startSimulator } from "./simulator-process.ts";
import { silent } from "./stack-helpers.ts";

let simulator: SimulatorProcess;
let bench: LinkBench;
let nextContact = 15_550_004_000;
const aContact = (): string => String(nextContact++);

beforeAll(async () => {
  simulator = await startSimulator();
  bench = await LinkBench.open(simulator);
}, 180_000);
afterEach(async () => {
  vi.useRealTimers();
  bench.cutAll();
  await simulator.call("DELETE", "/faults");
});
afterAll(async () => simulator[Symbol.asyncDispose]());
vi.setConfig({ testTimeout: 90_000 });

const fault = (kind: string, more: object = {}) => simulator.call("POST", "/faults", { kind, ...more });
const write = (contact: string, to: LinkClient, text: string) =>
  simulator.call<{ id: string }>("POST", `/phones/${contact}/messages`, { to: to.phone, text });
const delivered = (client: LinkClient, id: string) =>
  client.see("receipt", ({ waMessageIds, status }) => waMessageIds.includes(id) && status === "delivered");
const bodies = ({ seen }: LinkClient): string[] =>
  seen.flatMap((each) => (each.kind === "inbound" ? [String(each.message.content["body"])] : []));
const hears = (client: LinkClient, text: string) =>
  waitFor(() => bodies(client).includes(text), { describe: `"${text}"`, timeoutMs: 30_000 });

/** Sends like the pump: what was provably not written is tried again under its id, some times. */
async function sendAsPump(client: LinkClient, to: string, text: string): Promise<string> {
  const id = newWaMessageId();
  for (let tries = 1; ; tries++) {
    try {
      return await client.send(to, text, id);
    } catch (error) {
      if (!(error instanceof SendFailed) || error.wasWritten || tries === 4) throw error;
    }
  }
}

describe("Signal sessions that two sides write to at once", () => {
  it("F5: first messages that come twice, while we write to the same person, are told once, and both directions go on", async () => {
    const client = await bench.paired();
    await fault("duplicate_message", { recipient: client.phone, copies: 1 });
    const contacts = Array.from({ length: 6 }, aContact);
    const sends = await Promise.all(
      contacts.map(async (contact, n) => {
        const [id] = await Promise.all([client.send(contact, `to ${n}`), write(contact, client, `from ${n}`)]);
        return id;
      }),
    );
    for (const id of sends) await delivered(client, id);
    for (const n of contacts.keys()) await hears(client, `from ${n}`);
    for (const [n, contact] of contacts.entries()) {
      await write(contact, client, `again ${n}`);
      await hears(client, `again ${n}`);
      await delivered(client, await client.send(contact, `on ${n}`));
    }
    const heard = bodies(client);
    expect(heard).toHaveLength(new Set(heard).size);
  });

  it("F3, F4: a person who changes between number and hidden identity while both write loses nothing", async () => {
    const client = await bench.paired();
    const contact = aContact();
    const sent: string[] = [];
    for (let round = 0; round < 6; round++) {
      await simulator.call("PATCH", `/phones/${contact}/behaviour`, { addressing: round % 2 === 0 ? "pn" : "lid" });
      const [id] = await Promise.all([
        sendAsPump(client, contact, `to ${round}`),
        write(contact, client, `from ${round}`),
      ]);
      sent.push(id);
    }
    for (const id of sent) await delivered(client, id);
    for (let round = 0; round < 6; round++) await hears(client, `from ${round}`);
    const rows = await simulator.ledgerOf(contact, client.phone);
    expect(rows.map(({ visible_copies }) => visible_copies)).toEqual(Array(6).fill(1));
    expect(Math.max(...rows.map(({ wire_copies }) => wire_copies))).toBeLessThanOrEqual(3);
  });

  it("F27: after a person's hidden identity changed, the next message reaches the person", async () => {
    const client = await bench.paired();
    const contact = aContact();
    await delivered(client, await client.send(contact, "before"));
    await simulator.call("POST", `/phones/${contact}/change-lid`);
    await write(contact, client, "it is me");
    await hears(client, "it is me");
    const id = await client.send(contact, "after");
    await delivered(client, id);
    const rows = await simulator.ledgerOf(contact, client.phone);
    expect(rows.find((row) => row.wa_message_id === id)).toMatchObject({ visible_copies: 1 });
  });

  it("F8: a device that could not decrypt is answered by the successor of the worker that sent", async () => {
    const first = await bench.paired();
    const contact = `99905${String(nextContact++).slice(-6)}`;
    await fault("delay_receipt", { recipient: contact, delay_ms: 500 });
    const id = await first.send(contact, "readable in the end");
    first.link.terminate("crash");
    const next = bench.client(first);
    await next.open();
    await delivered(next, id);
    expect(await simulator.ledgerOf(contact, first.phone)).toMatchObject([
      { visible_copies: 1, failed_decryptions: 1 },
    ]);
    expect(next.sent.has(id)).toBe(true);
  });
});

describe("one-time keys", () => {
  it("F6: reconnecting does not pile them up", async () => {
    const client = await bench.paired();
    const count = () => [...client.secrets.keys.keys()].filter((name) => name.startsWith("pre-key/")).length;
    const before = count();
    let last = client;
    for (let nth = 0; nth < 5; nth++) {
      last.link.terminate("again");
      last = bench.client(last);
      await last.open();
      await last.ready();
    }
    expect(before).toBeGreaterThan(0);
    expect([...last.secrets.keys.keys()].filter((name) => name.startsWith("pre-key/")).length).toBeLessThanOrEqual(
      before,
    );
  });

  it("F7: a device that could upload none while it logged in has some soon after the network healed", async () => {
    const client = bench.client(undefined, { queryTimeoutMs: 400, preKeyRetryMs: 300 });
    await fault("withhold_answer", { sender: client.phone, xmlns: "encrypt", tag: "count" });
    await fault("refuse_query", { sender: client.phone, xmlns: "encrypt" });
    await client.open();
    const { value } = await client.see("qr");
    await simulator.call("POST", `/phones/${client.phone}/scan-qr`, { qr: value });
    await client.see("closed", ({ cause }) => cause.kind === "restart_required");
    await client.open();
    await client.see("logged_in");
    const stock = async () => {
      const { devices } = await simulator.call<{ devices: { one_time_keys: number }[] }>(
        "GET",
        `/prekeys?phone=${client.phone}`,
      );
      return devices.at(-1)?.one_time_keys ?? 0;
    };
    expect(await stock()).toBe(0);
    await simulator.call("DELETE", "/faults");
    await waitFor(async () => (await stock()) > 0, { describe: "one-time keys", timeoutMs: 60_000 });
    expect(client.link.trouble()).not.toBe("queue_stuck");
  });
});

describe("what waits at the server", () => {
  it("F17: the end of the offline queue never comes: what the library holds back is let go", async () => {
    const before = await bench.paired();
    await before.link.end();
    const client = bench.client(before, { limits: { ...defaultLimits, bufferingMs: 300 }, watchdogIntervalMs: 50 });
    await fault("withhold_offline_marker", { sender: client.phone });
    await client.open();
    await client.see("logged_in");
    const begun = performance.now();
    await write(aContact(), client, "anybody there?");
    await hears(client, "anybody there?");
    // The library lets go by itself after 30 s.
    expect(performance.now() - begun).toBeLessThan(25_000);
  });

  it("F19: two hundred messages that came while nobody was there are told, each once, in order", async () => {
    const client = await bench.paired();
    await client.link.end();
    const contact = aContact();
    const texts = Array.from({ length: 200 }, (_, n) => `number ${n}`);
    for (const text of texts) await write(contact, client, text);
    const next = bench.client(client);
    await next.open();
    await hears(next, texts.at(-1)!);
    expect(bodies(next)).toEqual(texts);
    expect(next.seen.every((seen) => seen.kind !== "inbound" || seen.message.delayed)).toBe(true);
  });

  it("W7 (d): an offline queue that was announced and does not come ends the link, and the next one gets it", async () => {
    const client = await bench.paired();
    await client.link.end();
    await write(aContact(), client, "waiting");
    await fault("withhold_offline_queue", { sender: client.phone, times: 1 });
    const stuck = bench.client(client, { limits: { ...defaultLimits, drainMs: 600 }, watchdogIntervalMs: 50 });
    await stuck.open();
    expect((await stuck.see("closed")).cause).toEqual({ kind: "terminated_by_us", reason: "queue_stuck" });
    const next = bench.client(stuck);
    await next.open();
    await hears(next, "waiting");
  });
});

describe("a link that works in one direction, or not well", () => {
  const quick = { keepAliveMs: 300, watchdogIntervalMs: 50 };

  it("is impaired while round trips stay out, and well when they come again", async () => {
    const client = bench.client(await bench.paired(), {
      ...quick,
      limits: { ...defaultLimits, missedCheckMs: 1_200 },
    });
    await client.open();
    await client.ready();
    expect(client.link.trouble()).toBeNull();
    await fault("latency", { sender: client.phone, delay_ms: 2_000 });
    await waitFor(() => client.link.trouble() === "check_missed", { describe: "trouble", intervalMs: 20 });
    await simulator.call("DELETE", "/faults");
    await waitFor(() => client.link.trouble() === null, { describe: "no trouble" });
  });

  it("is cut when it hears and is not heard", async () => {
    const client = bench.client(await bench.paired(), {
      ...quick,
      limits: { ...defaultLimits, roundTripMs: 2_000 },
    });
    await client.open();
    await client.ready();
    const { links } = await simulator.call<{ links: { id: string; phone: string | null }[] }>("GET", "/links");
    await simulator.call("POST", `/links/${links.find(({ phone }) => phone === client.phone)!.id}/end`, {
      kind: "mute_in",
    });
    const contact = aContact();
    for (let n = 0; client.seen.every(({ kind }) => kind !== "closed"); n++) {
      await write(contact, client, `still here ${n}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect((await client.see("closed")).cause).toEqual({ kind: "terminated_by_us", reason: "no_answer" });
    expect(bodies(client).length).toBeGreaterThan(0);
  });

  it("F35: a step of the wall clock costs a reconnect and nothing else", async () => {
    const client = bench.client(await bench.paired(), quick);
    await client.open();
    await client.ready();
    const realNow = Date.now();
    vi.useFakeTimers({ toFake: ["Date"] });
    // Again and again, in case a frame comes between a step and the library's next look at its clock.
    const { cause } = await waitFor(
      () => {
        vi.setSystemTime(realNow + 3_600_000 + Math.random() * 3_600_000);
        return client.seen.find((seen) => seen.kind === "closed");
      },
      { describe: "the library to take the link for lost", timeoutMs: 30_000, intervalMs: 150 },
    );
    expect(cause).toMatchObject({ kind: "link_lost", code: 408 });
    const next = bench.client(client);
    await next.open();
    await next.ready();
    await delivered(next, await next.send(aContact(), "an hour later"));
  });
});

it("F25: a cold chat that WhatsApp refuses is told once and written once, and warm chats go on", async () => {
  const client = await bench.paired();
  const warm = aContact();
  await delivered(client, await client.send(warm, "warm"));
  const cold = `99904${String(nextContact++).slice(-6)}`;
  const id = await client.send(cold, "cold", newWaMessageId());
  expect((await client.see("ack", ({ waMessageId }) => waMessageId === id)).error).toBe("463");
  await delivered(client, await client.send(warm, "still warm"));
  expect(client.seen.filter((seen) => seen.kind === "ack" && seen.waMessageId === id)).toHaveLength(1);
});

it("F3: what the library logs of one trouble, however often, is a line without stanzas below our own level", () => {
  const lines: unknown[] = [];
  const take = (...line: unknown[]) => void lines.push(line);
  const library = createLibraryLogger({ ...silent, debug: take, warn: take } as never);
  library.info({ stanza: "secret" }, "decrypting");
  library.error({ err: new Error("Bad MAC"), node: "secret" }, "failed to decrypt message");
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toContain("secret");
});

it("F21: a link that has ended is let go with its socket", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const sockets: WeakRef<object>[] = [];
  const { baileys } = bench;
  const make: typeof baileys.makeWASocket = (config) => {
    const socket = baileys.makeWASocket(config);
    sockets.push(new WeakRef(socket.ws));
    return socket;
  };
  const paired = await bench.paired();
  for (let nth = 0; nth < 5; nth++) {
    const client = bench.client(paired, { baileys: { ...baileys, makeWASocket: make }, queryTimeoutMs: 1_000 });
    await client.open();
    await client.ready();
    await client.link.end();
  }
  bench.cutAll();
  await waitFor(
    () => {
      collect();
      return sockets.filter((socket) => socket.deref() !== undefined).length <= 1;
    },
    { describe: "the sockets to be collected", timeoutMs: 60_000, intervalMs: 500 },
  );
});
