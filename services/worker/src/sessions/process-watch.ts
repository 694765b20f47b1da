import { totalmem } from "node:os";
import { monotonicMs } from "@flotilla/shared/runtime/clock";
import { judgeProcess, memoryShare, type ProcessLimits, type ProcessSample } from "../domain/process-health.ts";
import { openLoopMeter } from "../loop-delay.ts";

export interface ProcessWatchOptions {
  /** Memory the process may use; null takes what the system grants it (a container's limit, else the machine's memory). */
  memoryLimitBytes: number | null;
  /** Called once, with words for the log: the process is to hand its work over and end. */
  onUnwell: (reason: string) => void;
  sampleEveryMs?: number;
}

const lagLimitMs = 1_000;
const samplesInARow = 6;

/**
 * Watches the process itself: a loop that keeps everybody waiting, or memory near its limit, is no state in which sessions
 * should be held. Handing them over while it still works costs each a reconnect; being killed costs them a takeover.
 * A loop that stands still altogether is the watchdog thread's.
 */
export function watchProcess({ memoryLimitBytes, onUnwell, sampleEveryMs = 5_000 }: ProcessWatchOptions) {
  const limits: ProcessLimits = {
    lagMs: lagLimitMs,
    rssBytes: (memoryLimitBytes ?? grantedMemory()) * memoryShare,
    inARow: samplesInARow,
  };
  const meter = openLoopMeter();
  let samples: ProcessSample[] = [];
  let expectedAt = monotonicMs() + sampleEveryMs;
  const timer = setInterval(() => {
    // The median: half of all turns of the loop were later than this. One long collection does not move it. And this timer's
    // own delay, for a loop so slow that hardly a turn was counted.
    const lagMs = Math.max(meter.look().p50Ms, monotonicMs() - expectedAt);
    samples = [...samples, { lagMs, rssBytes: process.memoryUsage.rss() }].slice(-samplesInARow);
    expectedAt = monotonicMs() + sampleEveryMs;
    const verdict = judgeProcess(samples, limits);
    if (verdict === "well") return;
    stop();
    const memoryMib = Math.round(process.memoryUsage.rss() / 1_048_576);
    onUnwell(`it is ${verdict} (lag ${Math.round(lagMs)} ms, memory ${memoryMib} MiB)`);
  }, sampleEveryMs).unref();
  function stop(): void {
    clearInterval(timer);
    meter.stop();
  }
  return { stop };
}

/** The container's limit where there is one, else what the machine has. */
const grantedMemory = () => Math.min(process.constrainedMemory() || Infinity, totalmem());
