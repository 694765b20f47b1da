import type { Load } from "./load.ts";
import type { Scene } from "./scene.ts";

/**
 * How long it takes, from now, until messages that were posted after now are shown: sending works again.
 *
 * @returns milliseconds; null when nothing was shown in time
 */
export async function sendsAgainAfter(scene: Scene, load: Load, timeoutMs: number): Promise<number | null> {
  const began = performance.now();
  const before = await load.shown();
  try {
    await scene.until("messages to flow again", async () => (await load.shown()) > before + 5, timeoutMs);
    return performance.now() - began;
  } catch {
    scene.signal.throwIfAborted();
    return null;
  }
}

/** The worst of several recoveries in seconds; null when one of them did not come. */
export function worstSeconds(times: readonly (number | null)[]): number | null {
  return times.some((time) => time === null) ? null : Math.max(0, ...times.map((time) => time ?? 0)) / 1_000;
}
