import { setTimeout as sleep } from "node:timers/promises";

import type { Child } from "../embedded/child.ts";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** A process that lived this long had a life: the next pause is short again. */
const HEALTHY_AFTER_MS = 30_000;

/** Something that runs as one process. */
export type Running = AsyncDisposable & { readonly child: Child };

export type Supervised = {
  name: string;
  /** Starts it and resolves when it may be used. Called again after each death, so its port must be fixed. */
  start: () => Promise<Running>;
  /** It died although nobody asked. */
  onGone?: (how: string) => void;
  onBack?: (pid: number, afterMs: number) => void;
  /** A restart failed; another follows. */
  onTrouble?: (error: Error) => void;
};

export type Supervision = AsyncDisposable & {
  readonly name: string;
  /** The pid now; changes with each restart. */
  pid(): number;
};

/** How long to wait before the n-th restart in a row (0 is the first). */
export function restartPauseMs(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
}

/**
 * Keeps one process running until disposed: whoever dies is replaced, after a pause that grows while it keeps dying.
 *
 * @throws when the very first start fails
 */
export async function supervise(what: Supervised): Promise<Supervision> {
  const stopping = new AbortController();
  let running = await what.start();
  const loop = keepRunning();

  async function keepRunning(): Promise<void> {
    let failures = 0;
    for (;;) {
      const bornAt = performance.now();
      const { code, signal } = await running.child.exited;
      if (stopping.signal.aborted) return;
      const diedAt = performance.now();
      failures = diedAt - bornAt > HEALTHY_AFTER_MS ? 0 : failures + 1;
      what.onGone?.(signal ? `ended by ${signal}` : `exit status ${code}`);
      const next = await restart(failures - 1);
      if (next === null) return;
      running = next;
      what.onBack?.(running.child.pid, performance.now() - diedAt);
    }
  }

  async function restart(failures: number): Promise<Running | null> {
    for (let attempt = Math.max(0, failures); ; attempt++) {
      await sleep(restartPauseMs(attempt), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return null;
      try {
        const next = await what.start();
        if (!stopping.signal.aborted) return next;
        await next[Symbol.asyncDispose]();
        return null;
      } catch (error) {
        what.onTrouble?.(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  return {
    name: what.name,
    pid: () => running.child.pid,
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await running[Symbol.asyncDispose]();
      await loop;
    },
  };
}
