import { waitFor } from "@flotilla/shared/testing/wait-for";
import { createClient } from "@supabase/supabase-js";
import { Redis } from "ioredis";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test, vi } from "vitest";
import { z } from "zod";

import { reset } from "../src/commands/reset.ts";
import { stop } from "../src/commands/stop.ts";
import { type Child, startChild, stopChild } from "../src/embedded/child.ts";
import { freePort } from "../src/embedded/free-port.ts";
import { isProcess } from "../src/embedded/leftovers.ts";
import { parseOptions } from "../src/options.ts";

// Each starts ten processes, some of them twice.
vi.setConfig({ testTimeout: 150_000, hookTimeout: 90_000 });

const folder = `/var/tmp/flotilla-launcher-${process.pid}`;
const readySchema = z.object({
  supabaseUrl: z.string(),
  publishableKey: z.string(),
  secretKey: z.string(),
  redisUrl: z.string(),
  services: z.array(z.object({ name: z.string(), pid: z.number() })),
});
type Ready = z.infer<typeof readySchema>;

const launched: Child[] = [];
afterAll(async () => {
  for (const child of launched) await stopChild(child, "SIGTERM", 20_000);
  rmSync(folder, { recursive: true, force: true });
});

/** A launcher in a process of its own; `ready` gives its latest description of itself. */
async function launch(environment: Record<string, string> = {}) {
  const sentences: string[] = [];
  let latest: Ready | undefined;
  // Spelled relative, as npm's scripts spell it.
  const child = await startChild(process.execPath, ["support/launch.ts", folder], {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    env: { ...process.env, ...environment },
    onLine: (line) => {
      const said = line.startsWith("{") ? (JSON.parse(line) as Record<string, unknown>) : {};
      if (typeof said["say"] === "string") sentences.push(said["say"]);
      if (said["ready"] !== undefined) latest = readySchema.parse(said["ready"]);
    },
  });
  launched.push(child);
  const ready = async (): Promise<Ready> =>
    await waitFor(
      () => latest ?? (child.process.exitCode === null ? null : Promise.reject(new Error(child.lastLines()))),
      {
        describe: "the launcher to be ready",
        timeoutMs: 60_000,
      },
    );
  const again = async (): Promise<Ready> => {
    latest = undefined;
    child.process.kill("SIGUSR2");
    return await ready();
  };
  return { child, sentences, ready, again };
}

const optionsFor = (dataFolder: string) => ({ ...parseOptions(["stop"], {}), dataFolder });
const pidOf = (ready: Ready, name: string) => ready.services.find((service) => service.name === name)?.pid ?? 0;
const childrenIn = () =>
  z
    .object({ children: z.array(z.object({ pid: z.number(), commandLineHas: z.string() })) })
    .parse(JSON.parse(readFileSync(`${folder}/processes.json`, "utf8"))).children;

test("it starts cold, replaces a killed worker, ends in order, and finds its data and keys again", async () => {
  const cold = await launch();
  const first = await cold.ready();
  expect(statSync(`${folder}/state.json`).mode & 0o777).toBe(0o600);
  expect(first.services.map((service) => service.name)).toEqual(
    expect.arrayContaining(["simulator", "api", "worker 1", "worker 2", "realtime 1", "realtime 2", "dashboard"]),
  );
  const client = createClient(first.supabaseUrl, first.publishableKey, { auth: { persistSession: false } });
  const member = { email: "kept@example.com", password: "a-long-password" };
  expect((await client.auth.signUp(member)).error).toBeNull();
  const redis = new Redis(first.redisUrl);
  await redis.set("kept", "yes");
  redis.disconnect();

  const killed = pidOf(first, "worker 2");
  process.kill(killed, "SIGKILL");
  await waitFor(() => cold.sentences.find((sentence) => sentence.startsWith("worker 2 is replaced")), {
    describe: "worker 2 to be replaced",
  });
  const second = await cold.again();
  expect(pidOf(second, "worker 2")).not.toBe(killed);
  expect(pidOf(second, "worker 1")).toBe(pidOf(first, "worker 1"));

  const children = childrenIn();
  await stopChild(cold.child, "SIGTERM", 30_000);
  expect(cold.child.process.exitCode).toBe(0);
  for (const { pid, commandLineHas } of children) expect(isProcess(pid, commandLineHas)).toBe(false);
  expect(existsSync(`${folder}/processes.json`)).toBe(false);

  const warm = await launch();
  const third = await warm.ready();
  expect(third.secretKey).toBe(first.secretKey);
  const again = createClient(third.supabaseUrl, third.publishableKey, { auth: { persistSession: false } });
  expect((await again.auth.signInWithPassword(member)).error).toBeNull();
  const redisAgain = new Redis(third.redisUrl);
  expect(await redisAgain.get("kept")).toBe("yes");
  redisAgain.disconnect();

  await expect(reset(optionsFor(folder))).rejects.toThrow("npm stop first");
  expect(await stop(optionsFor(folder))).toBe(0);
  await warm.child.exited;
  expect(await reset(optionsFor(folder))).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
});

test("a folder that is none of ours is not emptied", async () => {
  mkdirSync(`${folder}-foreign`);
  writeFileSync(`${folder}-foreign/precious`, "");
  await expect(reset(optionsFor(`${folder}-foreign`))).rejects.toThrow("is left alone");
  rmSync(`${folder}-foreign`, { recursive: true });
});

test("what a launcher killed with -9 left running is ended by the next start", async () => {
  const first = await launch();
  await first.ready();
  const left = childrenIn();
  process.kill(first.child.pid, "SIGKILL");
  await first.child.exited;

  const second = await launch();
  await second.ready();
  for (const { pid, commandLineHas } of left) expect(isProcess(pid, commandLineHas)).toBe(false);
  expect(second.sentences.find((sentence) => sentence.startsWith("ended what an earlier start left"))).toContain(
    "worker 1",
  );
  await stopChild(second.child, "SIGTERM", 30_000);
});

test("a wrong REDIS_URL is named with its reason, and nothing stays behind", async () => {
  const failed = await launch({ REDIS_URL: "redis://127.0.0.1:1" });
  await failed.child.exited;
  await failed.child.closed;
  expect(failed.child.lastLines()).toContain("REDIS_URL redis://127.0.0.1:1 cannot be used: nothing listens there");
  expect(existsSync(`${folder}/processes.json`)).toBe(false);
});

test("a wrong SUPABASE_URL is named with its reason", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const incomplete = await launch({ SUPABASE_URL: url, SUPABASE_SECRET_KEY: "sb_secret_of_no_project" });
  await incomplete.child.closed;
  expect(incomplete.child.lastLines()).toContain("SUPABASE_URL is set, but not SUPABASE_PUBLISHABLE_KEY");
  const keys = { SUPABASE_PUBLISHABLE_KEY: "sb_publishable_of_none", SUPABASE_SECRET_KEY: "sb_secret_of_no_project" };
  const away = await launch({ SUPABASE_URL: url, ...keys });
  await away.child.closed;
  expect(away.child.lastLines()).toContain(`SUPABASE_URL ${url} cannot be reached: nothing listens there`);
});
