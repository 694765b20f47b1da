import { readFileSync } from "node:fs";

/** Linux reports process time in these: 100 a second on every build Node supports. */
const CLOCK_TICKS = 100;

/** CPU time a process has used so far, all its threads, user and system, in seconds. */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

/** Memory of a process that is in RAM, in KiB. */
export function rssKibOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]);
}
