import { monitorEventLoopDelay } from "node:perf_hooks";

/** How the process is: resident memory, and the 99th percentile of its event loop's delay since it was asked last, in ms. */
export interface Vitals {
  rssBytes: number;
  loopLagMs: number;
}

const resolutionMs = 10;

/** Begins to measure the event loop. The timer behind it does not keep the process alive. */
export function watchVitals(): () => Vitals {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  return () => {
    const p99Ms = delays.percentile(99) / 1e6;
    delays.reset();
    // The histogram counts the whole time between two of its own ticks.
    const loopLagMs = Number.isFinite(p99Ms) ? Math.max(0, Math.round((p99Ms - resolutionMs) * 10) / 10) : 0;
    return { rssBytes: process.memoryUsage.rss(), loopLagMs };
  };
}
