import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";

/** How many of its last output lines a child's error report shows. */
const REMEMBERED_LINES = 20;

/** A child process with a memory of its last words, so that an early death can be explained. */
export type Child = {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Resolves when it is gone and all it wrote has been read. */
  readonly closed: Promise<void>;
  /** The last lines it wrote to stdout and stderr. */
  lastLines(): string;
};

export type ChildOptions = SpawnOptions & {
  /** Called for each complete line on either stream. */
  onLine?: (line: string, stream: "stdout" | "stderr") => void;
};

/**
 * Starts a process in a group of its own: a Ctrl-C in the terminal then reaches the launcher only, which ends its
 * children in the right order.
 *
 * @throws when the program cannot be started at all (not found, no permission)
 */
export async function startChild(command: string, args: string[], options: ChildOptions = {}): Promise<Child> {
  const { onLine, ...spawnOptions } = options;
  const child = spawn(command, args, { detached: true, stdio: ["ignore", "pipe", "pipe"], ...spawnOptions });
  const remembered: string[] = [];
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  for (const name of ["stdout", "stderr"] as const) {
    eachLine(child[name], (line) => {
      remembered.push(line);
      if (remembered.length > REMEMBERED_LINES) remembered.shift();
      onLine?.(line, name);
    });
  }
  await once(child, "spawn");
  // "spawn" guarantees a pid. A later "error" event can only come from a failed kill, which stopChild notices itself.
  child.on("error", () => undefined);
  return { process: child, pid: child.pid as number, exited, closed, lastLines: () => remembered.join("\n") };
}

/**
 * Asks a child to end and waits for it; past the deadline it is killed.
 *
 * @param signal what this program understands as "finish your work and go"
 * @param deadlineMs how long it may take
 */
export async function stopChild(child: Child, signal: NodeJS.Signals, deadlineMs: number): Promise<void> {
  if (child.process.exitCode !== null || child.process.signalCode !== null) return;
  child.process.kill(signal);
  const timer = setTimeout(() => child.process.kill("SIGKILL"), deadlineMs);
  await child.exited;
  clearTimeout(timer);
}

/** Calls `onLine` for each complete line of a text stream, and for a last unfinished one when it ends. */
function eachLine(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  if (!stream) return;
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}
