import { randomBytes } from "node:crypto";

import { startPostgres } from "../../src/embedded/postgres.ts";
import { startRedis } from "../../src/embedded/redis.ts";
import { findRedis } from "../../src/embedded/redis-chain.ts";
import { redisFromDocker } from "../../src/embedded/redis-docker.ts";
import { cacheFolder } from "../../src/embedded/folders.ts";

/** A Postgres that tests may make databases on. */
export type TestPostgres = AsyncDisposable & { url(database: string): string };

/** Gives a test file a Redis that nobody else publishes on; the folder is for its files. */
export type TestRedisSource = (folder: string) => Promise<AsyncDisposable & { url: string }>;

const useDocker = () => process.env["FLOTILLA_TEST_STACK"] === "docker";

/**
 * The Postgres of this run: `FLOTILLA_TEST_DATABASE_URL` (a superuser's) when given, a container with
 * `FLOTILLA_TEST_STACK=docker`, else the embedded one.
 */
export async function openTestPostgres(folder: string): Promise<TestPostgres> {
  const given = process.env["FLOTILLA_TEST_DATABASE_URL"];
  if (given) return { url: (database) => withDatabase(given, database), [Symbol.asyncDispose]: async () => undefined };
  if (useDocker()) return await postgresInDocker();
  // Nobody pulls the plug of a test machine and then reads its test data: without fsync files open twice as fast.
  return await startPostgres({ folder, password: randomBytes(16).toString("hex"), durable: false });
}

/**
 * Where test files get a Redis from. A process for each file (17 to 55 ms), not a number within one server: pub/sub
 * channels are shared by all numbers. `FLOTILLA_TEST_REDIS_URL` gives one server to everybody, flushed for each file,
 * which is only right when files run one after another.
 */
export async function openTestRedisSource(): Promise<TestRedisSource> {
  const given = process.env["FLOTILLA_TEST_REDIS_URL"];
  if (given) return async () => ({ url: given, [Symbol.asyncDispose]: async () => await flush(given) });
  const context = {
    path: process.env["PATH"] ?? "",
    cacheFolder: cacheFolder(),
    mayDownload: true,
    say: (sentence: string) => console.error(sentence),
  };
  if (useDocker()) {
    return async () => {
      const finding = await redisFromDocker(context);
      if (finding.kind !== "elsewhere") throw new Error("FLOTILLA_TEST_STACK=docker, but no Docker engine answers");
      return finding.redis;
    };
  }
  const found = await findRedis(context);
  if (found.kind === "elsewhere") {
    await found.redis[Symbol.asyncDispose]();
    return async () => {
      const finding = await redisFromDocker(context);
      if (finding.kind !== "elsewhere") throw new Error("Docker stopped answering during the run");
      return finding.redis;
    };
  }
  return (folder) =>
    startRedis({ program: found.program, folder, password: randomBytes(16).toString("hex"), appendOnly: false });
}

async function postgresInDocker(): Promise<TestPostgres> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const password = randomBytes(16).toString("hex");
  const container = await new GenericContainer("postgres:17-alpine")
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withCommand(["postgres", "-c", "wal_level=logical", "-c", "fsync=off", "-c", "max_connections=200"])
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start();
  return {
    url: (database) =>
      `postgres://postgres:${password}@${container.getHost()}:${container.getMappedPort(5432)}/${database}`,
    [Symbol.asyncDispose]: async () => {
      await container.stop();
    },
  };
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

async function flush(url: string): Promise<void> {
  const { Redis } = await import("ioredis");
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
}
