import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds that never run backwards or jump; comparable within this process only. For leases and deadlines. */
export function monotonicMs(): number {
  return performance.now();
}

/** Resolves after `ms` milliseconds; rejects with an AbortError as soon as the signal aborts. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal });
}
