import { Redis } from "ioredis";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { cacheFolder } from "../src/embedded/folders.ts";
import { startRedis } from "../src/embedded/redis.ts";
import { findRedis, redisLinks } from "../src/embedded/redis-chain.ts";
import type { RedisContext, RedisProgram } from "../src/embedded/redis-program.ts";

const folder = mkdtempSync("/var/tmp/flotilla-redis-chain-");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const said: string[] = [];
const context = (more: Partial<RedisContext> = {}): RedisContext => ({
  path: join(folder, "nothing-here"),
  cacheFolder: join(folder, "cache"),
  mayDownload: false,
  say: (sentence) => said.push(sentence),
  ...more,
});

/** A folder for a PATH, with one script in it. */
function folderWith(name: string, script: string): string {
  const path = mkdtempSync(join(folder, "path-"));
  writeFileSync(join(path, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  return path;
}

/** A script that is a real server under another name. */
let real: RedisProgram;
const realScript = () =>
  `export LD_LIBRARY_PATH="${real.environment["LD_LIBRARY_PATH"] ?? ""}"\nexec -a ${real.argv0} ${real.command} "$@"`;

beforeAll(async () => {
  const usual = { path: process.env["PATH"] ?? "", cacheFolder: cacheFolder(), mayDownload: true };
  const found = await findRedis(context(usual), [redisLinks.path, redisLinks.tools, redisLinks.debian]);
  if (found.kind !== "program") throw new Error("these tests need a Redis program on this machine");
  real = found.program;
});

describe("each link by itself", () => {
  test.each(["redis-server", "valkey-server"])("a %s on the PATH is taken and works", async (name) => {
    const finding = await findRedis(context({ path: folderWith(name, realScript()) }), [redisLinks.path]);
    if (finding.kind !== "program") throw new Error("no program found");
    expect(finding.from).toMatch(new RegExp(`${name} \\(\\d+\\.\\d+\\.\\d+\\)$`));
    const data = join(folder, name);
    await using server = await startRedis({ program: finding.program, folder: data, password: "secret" });
    const client = new Redis(server.url);
    expect(await client.config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "noeviction"]);
    client.disconnect();
  });

  test("redis-check-rdb on the PATH is the server under its other name", async () => {
    const path = folderWith("redis-check-rdb", realScript());
    const finding = await findRedis(context({ path }), [redisLinks.tools]);
    expect(finding).toMatchObject({ kind: "program", program: { argv0: "redis-server" } });
  });

  // Only where there is an archive to fetch from.
  test.skipIf(!existsSync("/usr/bin/apt-get"))(
    "Debian's redis-tools is unpacked into the private folder, said before it is fetched, and fetched once",
    async () => {
      said.length = 0;
      const fetching = context({ mayDownload: true });
      const finding = await findRedis(fetching, [redisLinks.debian]);
      expect(finding.from).toContain("private copy");
      expect(said.join()).toContain("package archive");
      said.length = 0;
      await findRedis(context({ mayDownload: false }), [redisLinks.debian]);
      expect(said).toEqual([]);
    },
  );

  test("without a Docker engine that link says so", async () => {
    const before = process.env["DOCKER_HOST"];
    process.env["DOCKER_HOST"] = `unix://${folder}/no-docker.sock`;
    try {
      const finding = redisLinks.docker(context({ mayDownload: true }));
      await expect(finding).resolves.toMatchObject({ kind: "absent", reason: expect.stringContaining("no Docker") });
    } finally {
      if (before === undefined) delete process.env["DOCKER_HOST"];
      else process.env["DOCKER_HOST"] = before;
    }
  });
});

describe("the chain", () => {
  test("takes the first that works and says why the earlier ones did not", async () => {
    const tooOld = folderWith("redis-server", "echo 'Redis server v=5.0.14 sha=0'");
    const broken = folderWith("valkey-server", "echo 'cannot open shared object' >&2; exit 127");
    const good = folderWith("redis-check-rdb", realScript());
    const path = [tooOld, broken, good].join(":");
    const finding = await findRedis(context({ path }));
    expect(finding.from).toContain("redis-check-rdb");
    const tooOldOnly = findRedis(context({ path: `${tooOld}:${broken}` }), [redisLinks.path]);
    await expect(tooOldOnly).rejects.toThrow(/version 5\.0\.14 is older than 6\.2.*cannot open shared object/s);
  });

  test("with nothing anywhere it names the three ways out and every reason", async () => {
    const nothing = findRedis(context({ cacheFolder: join(folder, "empty-cache") }));
    await expect(nothing).rejects.toThrow(
      /Three ways out: set REDIS_URL.*install redis-server or valkey.*start Docker/s,
    );
    await expect(nothing).rejects.toThrow(/no redis-server on the PATH.*no redis-check-rdb.*FLOTILLA_NO_DOWNLOAD/s);
  });
});

test("what it acknowledged survives a kill -9, and the left-over server of a killed launcher is ended first", async () => {
  const data = join(folder, "kept");
  mkdirSync(data);
  const options = { program: real, folder: data, password: "secret" };
  const first = await startRedis(options);

  // The launcher is gone and the server is not: a second start on the same folder ends it.
  const second = await startRedis(options);
  expect((await first.child.exited).signal ?? "SIGTERM").toBe("SIGTERM");
  const client = new Redis(second.url);
  client.on("error", () => undefined);
  await client.set("kept", "yes");
  second.child.process.kill("SIGKILL");
  client.disconnect();
  await second.child.exited;
  await using third = await startRedis(options);
  const again = new Redis(third.url);
  expect(await again.get("kept")).toBe("yes");
  again.disconnect();
});
