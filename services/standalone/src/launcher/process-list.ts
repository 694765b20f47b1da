import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";

import { endLeftover, isProcess } from "../embedded/leftovers.ts";

const LEFTOVER_DEADLINE_MS = 10_000;

const listSchema = z.object({
  launcher: z.object({ pid: z.int(), commandLineHas: z.string() }),
  children: z.array(z.object({ name: z.string(), pid: z.int(), commandLineHas: z.string() })),
});
type List = z.infer<typeof listSchema>;

/** The file in which a launcher writes down itself and its children, for `stop` and for the start after a crash. */
export type ProcessList = {
  add(child: { name: string; pid: number; commandLineHas: string }): void;
  remove(pid: number): void;
  /** At the orderly end: nothing is left to be found. */
  erase(): void;
};

/** Opens this launcher's list, replacing what an earlier one left. Call `endLeftovers` before. */
export function openProcessList(dataFolder: string): ProcessList {
  const list: List = { launcher: { pid: process.pid, commandLineHas: launcherMark() }, children: [] };
  const write = () => writeFileSync(fileIn(dataFolder), `${JSON.stringify(list)}\n`, { mode: 0o600 });
  write();
  return {
    add(child) {
      list.children.push(child);
      write();
    },
    remove(pid) {
      list.children = list.children.filter((child) => child.pid !== pid);
      write();
    },
    erase: () => rmSync(fileIn(dataFolder), { force: true }),
  };
}

/** The pid of the launcher that runs on this data folder now, or null. */
export function runningLauncher(dataFolder: string): number | null {
  const list = readList(dataFolder);
  if (!list || list.launcher.pid === process.pid) return null;
  return isProcess(list.launcher.pid, list.launcher.commandLineHas) ? list.launcher.pid : null;
}

/**
 * Ends what a killed launcher left running, youngest first; each is recognised by pid and command line.
 *
 * @returns the names of what was ended
 */
export async function endLeftovers(dataFolder: string): Promise<string[]> {
  const ended: string[] = [];
  for (const { name, ...child } of readList(dataFolder)?.children.toReversed() ?? []) {
    const signal = name === "Postgres" ? "SIGINT" : "SIGTERM";
    if (await endLeftover({ ...child, signal, deadlineMs: LEFTOVER_DEADLINE_MS })) ended.push(name);
  }
  return ended;
}

/** A text of our own command line that other programs do not have; its path may be spelled relative there. */
function launcherMark(): string {
  return basename(process.argv[1] ?? "flotilla");
}

function readList(dataFolder: string): List | null {
  const file = fileIn(dataFolder);
  if (!existsSync(file)) return null;
  try {
    return listSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    // Cut off in the middle of a write by a kill: there is nothing to learn from it.
    return null;
  }
}

function fileIn(dataFolder: string): string {
  return join(dataFolder, "processes.json");
}
