import { setTimeout as sleep } from "node:timers/promises";

import { type Child, startChild, stopChild } from "../embedded/child.ts";
import type { Running } from "./supervise.ts";

const READY_DEADLINE_MS = 30_000;
const READY_LOOK_EVERY_MS = 50;

export type ServiceProcess = {
  name: string;
  /** Arguments of node: the entry file, or a watch flag before it. */
  args: string[];
  folder: string;
  environment: Record<string, string | undefined>;
  /** Answers with a 2xx status once the service may be used. */
  readyUrl: string;
  /** How long it may take to finish its work when asked to end. */
  stopDeadlineMs: number;
  onLine: (line: string) => void;
  /** Told as soon as there is a pid, before the service is ready. */
  onSpawn?: (child: Child) => void;
};

/**
 * Starts one service and waits until it says it is ready.
 *
 * @throws with its last lines when it ends first, or is not ready in 30 s (it is stopped then)
 */
export async function startService(service: ServiceProcess): Promise<Running> {
  const child = await startChild(process.execPath, service.args, {
    cwd: service.folder,
    env: service.environment,
    onLine: service.onLine,
  });
  service.onSpawn?.(child);
  const outcome = await waitUntilReady(service.readyUrl, child);
  if (outcome !== "ready") {
    await stopChild(child, "SIGKILL", 0);
    await child.closed;
    throw new Error(`${service.name} did not start: ${outcome}\n${child.lastLines()}`);
  }
  return { child, [Symbol.asyncDispose]: () => stopChild(child, "SIGTERM", service.stopDeadlineMs) };
}

/** "ready", or why not. */
async function waitUntilReady(url: string, child: Child): Promise<string> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  let lastAnswer = "no answer";
  const exited = child.exited.then(({ code, signal }) => `it ended (${signal ?? `exit status ${code}`})`);
  while (performance.now() < deadline) {
    const look = lookOnce(url);
    const seen = await Promise.race([look, exited]);
    if (seen === "ready") return seen;
    if (child.process.exitCode !== null || child.process.signalCode !== null) return await exited;
    lastAnswer = seen;
    await sleep(READY_LOOK_EVERY_MS);
  }
  return `not ready within ${READY_DEADLINE_MS / 1000} s (${url}: ${lastAnswer})`;
}

async function lookOnce(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok ? "ready" : `status ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
