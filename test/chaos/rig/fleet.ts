import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Child, stopChild } from "../../../services/standalone/src/embedded/child.ts";
import { checkoutFolder } from "../../../services/standalone/src/embedded/folders.ts";
import { freePort } from "../../../services/standalone/src/embedded/free-port.ts";
import { startService } from "../../../services/standalone/src/launcher/service-process.ts";
import type { NewEvent } from "../history/recorder.ts";
import type { Stack } from "./stack.ts";
import { openTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
import { readWorkerLine } from "./worker-log.ts";

/** Leases of a profile; see the worker's configuration. */
export interface Lease {
  ttlMs: number;
  marginMs: number;
  heartbeatMs: number;
}

/** A place in the fleet: one worker process at a time, and its own ways to the other parts. */
export interface Slot {
  readonly index: number;
  readonly ways: { supabase: TcpProxy; redis: TcpProxy; simulator: TcpProxy };
  /** The id under which the process holds leases; the last one's while none runs. */
  worker: string;
  child: Child | null;
  frozen: boolean;
}

export interface Fleet extends AsyncDisposable {
  readonly slots: readonly Slot[];
  /** Starts a process in a slot and resolves when it is ready. @throws when it does not start, unless it was killed meanwhile */
  start(slot: Slot): Promise<void>;
  /** SIGKILL. */
  kill(slot: Slot): Promise<void>;
  freeze(slot: Slot): void;
  resume(slot: Slot): void;
  /** SIGTERM; resolves with how long it took to leave, in milliseconds. */
  term(slot: Slot): Promise<number>;
  /** Sets a slot's wall clock off by so many milliseconds, in steps, while it runs. */
  shiftClock(slot: Slot, ms: number): void;
}

export interface FleetOptions {
  stack: Stack;
  folder: string;
  size: number;
  seed: number;
  lease: Lease;
  /** `FLOTILLA_WITHOUT` of every worker; null: whole. */
  without: string | null;
  onLine: (service: string, line: string) => void;
  note: (event: NewEvent) => void;
}

const clockProgram = join(import.meta.dirname, "shifted-clock.ts");

/** Opens the slots with their proxies; no worker runs yet. */
export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { stack, seed, lease, folder } = options;
  const cleanup = new AsyncDisposableStack();
  const slots: Slot[] = [];
  for (let index = 0; index < options.size; index++) {
    const way = async (target: () => number, part: number) =>
      cleanup.use(await openTcpProxy(target, seed + index * 16 + part));
    const ways = {
      supabase: await way(() => stack.ports.supabase, 1),
      redis: await way(stack.ports.redis, 2),
      simulator: await way(() => stack.ports.simulator, 3),
    };
    slots.push({ index, ways, worker: `slot ${index}`, child: null, frozen: false });
  }
  const clockFile = ({ index }: Slot) => join(folder, `clock-${index}`);

  const environmentOf = (slot: Slot, port: number) => {
    const redis = new URL(stack.addresses.redisUrl);
    redis.port = String(slot.ways.redis.port);
    return {
      ...stack.environmentOf("worker", port),
      SUPABASE_URL: `http://127.0.0.1:${slot.ways.supabase.port}`,
      REDIS_URL: redis.href,
      WHATSAPP_URL: `ws://127.0.0.1:${slot.ways.simulator.port}/ws/chat`,
      LEASE_TTL_MS: String(lease.ttlMs),
      LEASE_MARGIN_MS: String(lease.marginMs),
      HEARTBEAT_MS: String(lease.heartbeatMs),
      SETTLE_MS: "300",
      ...(options.without === null ? {} : { FLOTILLA_WITHOUT: options.without }),
    };
  };

  async function forget(slot: Slot, child: Child): Promise<void> {
    await child.exited;
    if (slot.child === child) slot.child = null;
  }

  async function start(slot: Slot): Promise<void> {
    if (slot.child !== null) return;
    writeFileSync(clockFile(slot), "0");
    const port = await freePort();
    let spawned: Child | null = null;
    try {
      await startService({
        name: `worker in slot ${slot.index}`,
        args: ["--import", clockProgram, join(checkoutFolder, "services/worker/src/main.ts")],
        folder: join(checkoutFolder, "services/worker"),
        environment: { ...environmentOf(slot, port), CHAOS_CLOCK_FILE: clockFile(slot) },
        readyUrl: `http://127.0.0.1:${port}/readyz`,
        stopDeadlineMs: 25_000,
        onLine: (line) => {
          options.onLine(`worker ${slot.index}`, line);
          const { worker, what } = readWorkerLine(line);
          if (worker !== null && slot.child === spawned) slot.worker = worker;
          if (what !== null) options.note({ kind: "log", worker: worker ?? slot.worker, what });
        },
        onSpawn: (child) => {
          spawned = child;
          slot.child = child;
          slot.frozen = false;
          void forget(slot, child);
        },
      });
    } catch (error) {
      if (spawned !== null && slot.child === null) return;
      throw error;
    }
  }

  async function end(slot: Slot, signal: NodeJS.Signals, deadlineMs: number): Promise<number> {
    const { child } = slot;
    const began = performance.now();
    if (child === null) return 0;
    // A frozen process would hear of SIGTERM when it is resumed, and never before.
    if (slot.frozen) resume(slot);
    await stopChild(child, signal, deadlineMs);
    slot.child = null;
    return performance.now() - began;
  }

  function resume(slot: Slot): void {
    slot.child?.process.kill("SIGCONT");
    slot.frozen = false;
  }

  return {
    slots,
    start,
    kill: async (slot) => {
      slot.child?.process.kill("SIGKILL");
      await end(slot, "SIGKILL", 0);
    },
    freeze(slot) {
      slot.child?.process.kill("SIGSTOP");
      slot.frozen = true;
    },
    resume,
    term: (slot) => end(slot, "SIGTERM", 30_000),
    shiftClock: (slot, ms) => writeFileSync(clockFile(slot), String(ms)),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(slots.map((slot) => end(slot, "SIGKILL", 0)));
      await cleanup.disposeAsync();
    },
  };
}
