import { monitorEventLoopDelay } from "node:perf_hooks";

/** How late the event loop came to its work since the last look, in milliseconds. */
export interface LoopDelay {
  p50Ms: number;
  p99Ms: number;
}

/** The histogram counts the whole time between two of its own ticks, which is this when nothing is late. */
const resolutionMs = 10;

/**
 * Begins to measure the delay of the event loop; whoever asks has a meter of its own, since a look starts it anew. The timer
 * behind it does not keep the process alive.
 */
export function openLoopMeter() {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  const late = (percentile: number): number => {
    const ms = delays.percentile(percentile) / 1e6 - resolutionMs;
    return Number.isFinite(ms) ? Math.max(0, ms) : 0;
  };
  return {
    look(): LoopDelay {
      const seen = { p50Ms: late(50), p99Ms: late(99) };
      delays.reset();
      return seen;
    },
    stop: () => void delays.disable(),
  };
}
