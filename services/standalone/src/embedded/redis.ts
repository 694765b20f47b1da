import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Redis } from "ioredis";

import { type Child, startChild, stopChild } from "./child.ts";
import { freePort } from "./free-port.ts";
import { endLeftover } from "./leftovers.ts";
import { type RedisProgram } from "./redis-program.ts";

const START_DEADLINE_MS = 15_000;
const STOP_DEADLINE_MS = 10_000;
const PING_EVERY_MS = 10;

/** A running Redis of our own, on loopback only. */
export type RedisServer = AsyncDisposable & { readonly url: string; readonly port: number; readonly child: Child };

export type RedisOptions = {
  program: RedisProgram;
  /** Holds the append-only file and the configuration. */
  folder: string;
  password: string;
  port?: number;
  /** False for tests, whose data may go with the process. Default true: every write is on disk within a second. */
  appendOnly?: boolean;
};

/**
 * Starts a Redis server and waits until it has loaded its data and answers (17 to 55 ms when empty).
 *
 * @throws with the server's last words when it does not come up
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const { program, folder, password } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const configuration = join(folder, "redis.conf");
  const pidFile = join(folder, "redis.pid");
  await endLeftoverRedis(pidFile, configuration);

  const port = options.port ?? (await freePort());
  writeConfiguration(configuration, { folder, port, password, appendOnly: options.appendOnly ?? true });
  const child = await startChild(program.command, [configuration], {
    argv0: program.argv0,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C", ...program.environment },
  });
  writeFileSync(pidFile, `${child.pid}\n`);
  const url = `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`;
  try {
    await waitForPong(url, child);
  } catch (cause) {
    await stopChild(child, "SIGKILL", 0);
    throw new Error(`Redis did not start on port ${port}:\n${child.lastLines()}`, { cause });
  }
  return {
    url,
    port,
    child,
    [Symbol.asyncDispose]: async () => {
      // SIGTERM flushes the append-only file.
      await stopChild(child, "SIGTERM", STOP_DEADLINE_MS);
      rmSync(pidFile, { force: true });
    },
  };
}

/** By file, not by argument: the password would show in the process list. */
function writeConfiguration(
  file: string,
  settings: { folder: string; port: number; password: string; appendOnly: boolean },
): void {
  const lines = [
    "bind 127.0.0.1",
    `port ${settings.port}`,
    `requirepass ${settings.password}`,
    `dir ${JSON.stringify(settings.folder)}`,
    'save ""',
    `appendonly ${settings.appendOnly ? "yes" : "no"}`,
    "appendfsync everysec",
    "maxmemory-policy noeviction",
    "loglevel warning",
    "daemonize no",
    // The command line stays as given, with this file's path: that is how a leftover is recognised.
    "set-proc-title no",
  ];
  rmSync(file, { force: true });
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
}

async function waitForPong(url: string, child: Child): Promise<void> {
  const client = new Redis(url, { retryStrategy: () => PING_EVERY_MS, maxRetriesPerRequest: null, lazyConnect: true });
  // Refused connections are what we wait out; the deadline below ends the wait.
  client.on("error", () => undefined);
  const abort = new AbortController();
  try {
    const outcome = await Promise.race([
      client.ping(),
      child.exited.then(() => "exited"),
      sleep(START_DEADLINE_MS, "late", { signal: abort.signal }),
    ]);
    if (outcome !== "PONG") throw new Error(outcome === "late" ? "no answer in time" : "the process ended");
  } finally {
    abort.abort();
    client.disconnect();
  }
}

async function endLeftoverRedis(pidFile: string, configuration: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, "utf8"));
  await endLeftover({ pid, commandLineHas: configuration, signal: "SIGTERM", deadlineMs: STOP_DEADLINE_MS });
  rmSync(pidFile, { force: true });
}
