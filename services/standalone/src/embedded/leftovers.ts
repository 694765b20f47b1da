import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process that an earlier start may have left behind. */
export type Leftover = {
  pid: number;
  /** A text that only this process has on its command line, such as its own data folder. */
  commandLineHas: string;
  signal: NodeJS.Signals;
  /** After this long it is killed. */
  deadlineMs: number;
};

/**
 * Ends a process left by a launcher that was killed, recognised by pid AND command line: a pid alone may by now belong
 * to somebody else.
 *
 * @returns whether there was one
 */
export async function endLeftover({ pid, commandLineHas, signal, deadlineMs }: Leftover): Promise<boolean> {
  if (!isProcess(pid, commandLineHas)) return false;
  signalQuietly(pid, signal);
  const deadline = performance.now() + deadlineMs;
  while (isProcess(pid, commandLineHas)) {
    if (performance.now() > deadline) signalQuietly(pid, "SIGKILL");
    await sleep(10);
  }
  return true;
}

/** Whether that pid runs, and runs what we think. A zombie does not count: it holds neither ports nor files. */
export function isProcess(pid: number, commandLineHas: string): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  return commandLineOf(pid)?.includes(commandLineHas) ?? false;
}

/** The command line of a process, its words separated by blanks; null when there is none (any more). */
function commandLineOf(pid: number): string | null {
  try {
    if (process.platform === "linux") {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim() || null;
    }
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).trim() || null;
  } catch {
    return null;
  }
}

/** The process may end by itself between the look and the signal: that is the wish fulfilled, not an error. */
function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
