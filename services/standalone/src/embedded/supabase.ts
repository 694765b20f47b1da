import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { type Child, startChild, stopChild } from "./child.ts";
import { compileCacheFolder } from "./folders.ts";
import type { SupabaseApiOptions } from "./supabase-api.ts";
import type { SupabaseChildMessage } from "./supabase-child.ts";

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 5_000;

/** A running embedded Supabase API. */
export type SupabaseServer = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  readonly child: Child;
  /** Versions of the migrations that this start ran. */
  readonly migrated: string[];
};

/**
 * Starts the embedded Supabase API in a process of its own and waits until it listens, migrations included.
 *
 * @param logFile takes what the library prints: a stack for each database error
 * @throws with the reason of the child when it cannot serve
 */
export async function startSupabase(options: SupabaseApiOptions & { logFile: string }): Promise<SupabaseServer> {
  const { logFile, ...apiOptions } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile, { flags: "a", mode: 0o600 });
  const child = await startChild(process.execPath, [fileURLToPath(new URL("supabase-child.ts", import.meta.url))], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: {
      PATH: process.env["PATH"],
      NODE_ENV: "production",
      NODE_COMPILE_CACHE: compileCacheFolder(),
      DO_NOT_TRACK: "1",
      TZ: "UTC",
    },
    onLine: (line) => log.write(`${line}\n`),
  });
  void child.exited.then(() => log.end());

  const answer = Promise.withResolvers<SupabaseChildMessage>();
  child.process.once("message", answer.resolve);
  const timer = setTimeout(() => answer.resolve({ kind: "failed", reason: "no answer in time" }), START_DEADLINE_MS);
  void child.exited.then(() => answer.resolve({ kind: "failed", reason: child.lastLines() || "the process ended" }));
  child.process.send(apiOptions);
  const message = await answer.promise;
  clearTimeout(timer);
  if (message.kind === "failed") {
    await stopChild(child, "SIGKILL", 0);
    throw new Error(`the embedded Supabase API did not start: ${message.reason}`);
  }
  return {
    url: `http://127.0.0.1:${message.port}`,
    port: message.port,
    child,
    migrated: message.migrated,
    [Symbol.asyncDispose]: () => stopChild(child, "SIGTERM", STOP_DEADLINE_MS),
  };
}
