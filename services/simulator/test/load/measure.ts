import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { BufferJSON } from "@whiskeysockets/baileys";
import { generateKeyPair } from "../../src/protocol/keys.ts";
import { personJid } from "../../src/protocol/jid.ts";
import type { Snapshot } from "../../src/snapshot.ts";
import type { SenderTask } from "./sender.ts";

/**
 * Measures the simulator in a process of its own, with Baileys clients in another:
 * `node services/simulator/test/load/measure.ts [messages] [sockets] [blind,decrypt,new,connect]`, 3000 and 1000 unless
 * told; options of node (`--cpu-prof`) are for the simulator as well. On a machine that does
 * other things as well the CPU time for each message says more than the rate.
 */
const messages = Number(process.argv[2] ?? 3000);
const connected = Number(process.argv[3] ?? 1000);
const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

type Base = Pick<SenderTask, "webSocketUrl" | "controlUrl" | "rootKey">;

interface Stats {
  messagesIn: number;
  cpu_ms: number;
  rss_bytes: number;
  links: number;
}

const only = process.argv[4]?.split(",") ?? ["blind", "decrypt", "new", "connect"];

for (const mode of (["blind", "decrypt", "new"] as const).filter((each) => only.includes(each))) {
  await withSimulator(async (base, stats) => {
    const task = {
      ...base,
      mode,
      sockets: 4,
      messages: mode === "new" ? Math.ceil(messages / 3) : messages,
      inFlight: 64,
    };
    const child = startSender(task);
    const answer = JSON.parse(await firstLine(child)) as { seconds: number; cpuMs: number };
    const after = await stats();
    const each = (ms: number): string => (ms / task.messages).toFixed(3);
    const rate = (task.messages / answer.seconds).toFixed(0);
    // The simulator's time includes the pairing of four clients, about 20 ms each: little over thousands of messages.
    print(`${mode}: ${rate}/s, simulator ${each(after.cpu_ms)} ms CPU a message, client ${each(answer.cpuMs)} ms`);
  });
}

if (only.includes("connect")) await withSimulator(measureConnections);

async function measureConnections(base: Base, stats: () => Promise<Stats>): Promise<void> {
  const accounts = Array.from({ length: connected }, (_, index) => ({
    ...generateKeyPair(),
    phone: String(15_590_000_000 + index),
  }));
  const snapshot = (await post(`${base.controlUrl}/sim/v1/snapshot`)) as Snapshot;
  await post(`${base.controlUrl}/sim/v1/restore`, {
    ...snapshot,
    accounts: accounts.map(({ phone, public: noise }) => accountLine(phone, noise)),
  });
  const child = startSender({
    ...base,
    mode: "connect",
    sockets: 0,
    messages: 0,
    inFlight: 0,
    accounts: accounts.map((account) => ({
      phone: account.phone,
      lid: personJid(account.phone, "lid", 1),
      private: Buffer.from(account.private).toString("base64"),
      public: Buffer.from(account.public).toString("base64"),
    })),
  });
  await firstLine(child);
  const { rss_bytes: rss, links, cpu_ms: cpu } = await stats();
  print(`connected: ${links} links, ${(rss / 1024 / 1024).toFixed(0)} MiB, ${(cpu / links).toFixed(1)} ms CPU a login`);
  child.kill();
}

/** An account with one device that needs nothing more than to log in. */
function accountLine(number: string, noise: Uint8Array): string {
  const key = (id: number) => ({ id, public: Buffer.from(generateKeyPair().public) });
  const keys = {
    noise: Buffer.from(noise),
    identity: Buffer.alloc(32, 1),
    registrationId: 1,
    signedPreKey: { ...key(1), signature: Buffer.alloc(64) },
    oneTimeKeys: Array.from({ length: 10 }, (_, index) => key(index + 1)),
  };
  const device = { device: 1, linked_at: "", bootstrapped: true, signed_identity: Buffer.alloc(0), keys, queue: [] };
  const record = {
    number,
    name: "load",
    about: "",
    next_device: 2,
    behaviour: {},
    lid_generation: 0,
    blocked: [],
    app_state: [],
    signal: { next_pre_key_id: 1, sessions: [] },
    companions: [device],
  };
  return JSON.stringify(record, BufferJSON.replacer);
}

async function withSimulator(
  work: (
    base: Pick<SenderTask, "webSocketUrl" | "controlUrl" | "rootKey">,
    stats: () => Promise<Stats>,
  ) => Promise<void>,
): Promise<void> {
  const port = await freePort();
  const controlUrl = `http://127.0.0.1:${port}`;
  const simulator = spawn(
    process.execPath,
    [path("../../src/main.ts"), "--port", String(port), "--log-level", "error"],
    {
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  try {
    await ready(controlUrl);
    const { public_key: rootKey } = (await (await fetch(`${controlUrl}/sim/v1/root-key`)).json()) as {
      public_key: string;
    };
    const stats = async () => (await (await fetch(`${controlUrl}/sim/v1/stats`)).json()) as Stats;
    const idle = await stats();
    await work({ webSocketUrl: `ws://127.0.0.1:${port}/ws/chat`, controlUrl, rootKey }, async () => {
      const now = await stats();
      return { ...now, cpu_ms: now.cpu_ms - idle.cpu_ms };
    });
  } finally {
    const gone = once(simulator, "exit");
    simulator.kill();
    await gone;
  }
}

function startSender(task: SenderTask): ChildProcess {
  const child = spawn(process.execPath, [path("./sender.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin?.write(`${JSON.stringify(task)}\n`);
  child.once("exit", (code) => {
    if (code) print(`the sender ended with ${code}`);
  });
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  // The signal library prints whole sessions when they are replaced: only our own line counts.
  for await (const line of createInterface({ input: child.stdout! })) if (line.startsWith('{"')) return line;
  throw new Error("the sender said nothing");
}

async function ready(url: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    const up = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the simulator did not start");
}

async function post(url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  const text = await response.text();
  return text === "" ? undefined : JSON.parse(text);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
