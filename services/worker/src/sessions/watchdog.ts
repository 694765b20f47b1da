import { monotonicMs } from "@flotilla/shared/runtime/clock";
import { Worker } from "node:worker_threads";

export interface Watchdog {
  /** The process must have fenced itself by this monotonic time; null while it holds nothing. */
  expectFenceBy(deadlineMs: number | null): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How long after the deadline a process that has not fenced itself may live. */
const graceMs = 500;

/**
 * A thread beside the main loop that ends the process with SIGKILL when the loop is stuck past the lease's deadline: its
 * sockets would otherwise send while the next owner already has the sessions. Heartbeats stay on the main loop on
 * purpose, a frozen loop must not look alive.
 */
export function startWatchdog(): Watchdog {
  // One cell: the deadline on the system's monotonic clock in nanoseconds, which all threads share; 0 is none.
  const deadline = new BigInt64Array(new SharedArrayBuffer(8));
  const thread = new Worker(new URL("./watchdog-thread.ts", import.meta.url), {
    workerData: { deadline, graceMs },
    // Not the process's own: under --eval or --watch a thread would inherit those and run something else.
    execArgv: [],
  });
  thread.unref();
  return {
    expectFenceBy(deadlineMs) {
      const value =
        deadlineMs === null
          ? 0n
          : process.hrtime.bigint() + BigInt(Math.round(Math.max(0, deadlineMs - monotonicMs()) * 1e6));
      Atomics.store(deadline, 0, value);
    },
    async [Symbol.asyncDispose]() {
      await thread.terminate();
    },
  };
}
