import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Where a simulator that is a process of its own is found. */
export interface SimulatorProcess {
  readonly webSocketUrl: string;
  readonly controlUrl: string;
  readonly rootKey: string;
}

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Runs a simulator while `work` runs. */
export async function withSimulator(work: (simulator: SimulatorProcess) => Promise<void>): Promise<void> {
  const port = await freePort();
  const controlUrl = `http://127.0.0.1:${port}`;
  const args = [path("../../src/main.ts"), "--port", String(port), "--log-level", "error"];
  const simulator = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  try {
    await ready(controlUrl);
    const answer = (await (await fetch(`${controlUrl}/sim/v1/root-key`)).json()) as { public_key: string };
    await work({ webSocketUrl: `ws://127.0.0.1:${port}/ws/chat`, controlUrl, rootKey: answer.public_key });
  } finally {
    const gone = once(simulator, "exit");
    simulator.kill();
    await gone;
  }
}

/** Starts one of the programs beside this file with its task on standard input. */
export function startSender(file: "sender.ts" | "bare-sender.ts", task: unknown): ChildProcess {
  const child = spawn(process.execPath, [path(`./${file}`)], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin?.write(`${JSON.stringify(task)}\n`);
  return child;
}

/** The line of JSON that a sender answers with. Throws when it ends without one. */
export async function answerOf<T>(child: ChildProcess): Promise<T> {
  // The signal library prints whole sessions when they are replaced: only our own line counts.
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line.startsWith('{"')) return JSON.parse(line) as T;
  }
  throw new Error("the sender said nothing");
}

async function ready(url: string): Promise<void> {
  const deadline = performance.now() + 60_000;
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
