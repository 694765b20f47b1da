import { setTimeout as sleep } from "node:timers/promises";

export type WaitOptions = {
  /** What is waited for, in words; part of the error. */
  describe: string;
  /** Default 10 s. */
  timeoutMs?: number;
  /** Pause between two looks. Default 25 ms. */
  intervalMs?: number;
};

type Falsy = false | 0 | "" | null | undefined;

/**
 * Looks again and again until a condition holds, and gives back what it found.
 * An error of the condition counts as "not yet" and is the cause of the final error.
 *
 * @throws when the time is up, saying what was waited for and what was seen last
 */
export async function waitFor<T>(
  condition: () => T | Falsy | Promise<T | Falsy>,
  { describe, timeoutMs = 10_000, intervalMs = 25 }: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let seen: unknown;
    let cause: unknown;
    try {
      const found = await condition();
      if (found) return found;
      seen = found;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      const last =
        cause === undefined ? `the last look gave ${JSON.stringify(seen) ?? "undefined"}` : describeError(cause);
      throw new Error(`waited ${timeoutMs} ms for ${describe}: ${last}`, { cause });
    }
    await sleep(intervalMs);
  }
}

function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : JSON.stringify(error);
}
