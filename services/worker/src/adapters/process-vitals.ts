import { openLoopMeter } from "../loop-delay.ts";

/** How the process is: resident memory, and the 99th percentile of its event loop's delay since it was asked last, in ms. */
export interface Vitals {
  rssBytes: number;
  loopLagMs: number;
}

/** Begins to measure the event loop; each call tells of the time since the last. */
export function watchVitals(): () => Vitals {
  const meter = openLoopMeter();
  return () => ({ rssBytes: process.memoryUsage.rss(), loopLagMs: Math.round(meter.look().p99Ms * 10) / 10 });
}
