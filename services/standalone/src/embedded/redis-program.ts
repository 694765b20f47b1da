import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { startChild } from "./child.ts";

/** How to start a Redis server that has been seen to run. */
export type RedisProgram = {
  readonly command: string;
  /** The name it must be started under; Debian's `redis-check-rdb` is the server and decides by its name. */
  readonly argv0: string;
  readonly environment: Record<string, string>;
};

/** A Redis already listening somewhere. */
type RedisElsewhere = AsyncDisposable & { readonly url: string };

/** What one link of the chain came to. */
export type RedisFinding =
  | { kind: "program"; program: RedisProgram; from: string }
  | { kind: "elsewhere"; redis: RedisElsewhere; from: string }
  | { kind: "absent"; reason: string };

export type RedisLink = (context: RedisContext) => Promise<RedisFinding>;

export type RedisContext = {
  /** Folders to look for programs in; the PATH of the launcher. */
  path: string;
  /** Folder for what is fetched once and kept. */
  cacheFolder: string;
  /** False forbids fetching anything (`FLOTILLA_NO_DOWNLOAD=1`). */
  mayDownload: boolean;
  /** Told what is fetched, and from where, before it happens. */
  say: (sentence: string) => void;
};

/** `redis-server` or `valkey-server`, as installed. */
export async function redisOnPath({ path }: RedisContext): Promise<RedisFinding> {
  return await firstThatRuns(path, ["redis-server", "valkey-server"], (name) => name);
}

/** The server inside Debian's `redis-tools`, when that package is installed. */
export async function redisToolsOnPath({ path }: RedisContext): Promise<RedisFinding> {
  return await firstThatRuns(path, ["redis-check-rdb"], () => "redis-server");
}

async function firstThatRuns(path: string, names: string[], argv0Of: (name: string) => string): Promise<RedisFinding> {
  const reasons: string[] = [];
  for (const name of names) {
    const command = findOnPath(path, name);
    if (command === null) {
      reasons.push(`no ${name} on the PATH`);
      continue;
    }
    const program = { command, argv0: argv0Of(name), environment: {} };
    const version = await redisVersion(program);
    if (version.kind === "runs") return { kind: "program", program, from: `${command} (${version.version})` };
    reasons.push(`${command} cannot be used: ${version.reason}`);
  }
  return { kind: "absent", reason: reasons.join("; ") };
}

/**
 * Asks a program for its version: proof that it loads, is a server, and is new enough (6.2: BullMQ warns below it).
 */
export async function redisVersion(
  program: RedisProgram,
): Promise<{ kind: "runs"; version: string } | { kind: "fails"; reason: string }> {
  try {
    const child = await startChild(program.command, ["--version"], {
      argv0: program.argv0,
      env: { PATH: "/usr/bin:/bin", ...program.environment },
    });
    await child.closed;
    const stdout = child.lastLines();
    const version = /(?:Redis|Valkey|Server)\D*v=(\d+)\.(\d+)\.(\d+)/i.exec(stdout);
    if (!version) return { kind: "fails", reason: stdout.split("\n")[0] || "it is no Redis server" };
    const [major, minor] = [Number(version[1]), Number(version[2])];
    const text = `${version[1]}.${version[2]}.${version[3]}`;
    if (major < 6 || (major === 6 && minor < 2)) return { kind: "fails", reason: `version ${text} is older than 6.2` };
    return { kind: "runs", version: text };
  } catch (error) {
    return { kind: "fails", reason: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) };
  }
}

function findOnPath(path: string, name: string): string | null {
  for (const folder of path.split(delimiter).filter((part) => part !== "")) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder: the next one.
    }
  }
  return null;
}
