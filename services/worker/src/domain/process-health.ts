/** What is measured of the process once in an interval. */
export interface ProcessSample {
  /** How late the event loop usually came to its work, in milliseconds. */
  lagMs: number;
  rssBytes: number;
}

export interface ProcessLimits {
  /** Lag beyond this is bad: keep-alives, acks and heartbeats come late. */
  lagMs: number;
  /** Memory beyond this is bad: soon the kernel ends the process without asking. */
  rssBytes: number;
  /** Bad samples in a row until the process gives its work away; one pause proves nothing. */
  inARow: number;
}

export type ProcessVerdict = "well" | "slow" | "near its memory limit";

/** The part of the memory limit at which the work is given away. */
export const memoryShare = 0.9;

/** Judges the newest samples, oldest first. Lag has to be bad several times in a row; memory too, since a collection may free it. */
export function judgeProcess(samples: readonly ProcessSample[], limits: ProcessLimits): ProcessVerdict {
  const last = samples.slice(-limits.inARow);
  if (last.length < limits.inARow) return "well";
  if (last.every(({ rssBytes }) => rssBytes > limits.rssBytes)) return "near its memory limit";
  return last.every(({ lagMs }) => lagMs > limits.lagMs) ? "slow" : "well";
}
