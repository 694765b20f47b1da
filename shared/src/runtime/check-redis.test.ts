import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { checkRedis, hidePassword, judgeRedis, parseInfo } from "./check-redis.ts";
import { createLogger } from "./logger.ts";

const logger = createLogger({ service: "test", level: "silent" });

describe("checkRedis", () => {
  it("names the address without its password when nothing listens", async () => {
    await using free = await openPort();
    const url = `redis://:hunter2@127.0.0.1:${free.port}`;
    await free.close();
    const error = await checkRedis({ url, logger }).then(
      () => null,
      (error: Error) => error,
    );
    expect(error?.message).toContain(
      `REDIS_URL redis://:***@127.0.0.1:${free.port} cannot be used: nothing listens there`,
    );
    expect(error?.message).not.toContain("hunter2");
  });
});

describe("judgeRedis", () => {
  it.each([
    ["redis_version:7.0.15\r\nmaxmemory_policy:noeviction", 0],
    ["redis_version:6.2.0\r\nmaxmemory_policy:noeviction", 0],
    ["redis_version:6.0.16\r\nmaxmemory_policy:noeviction", 1],
    ["# Server\r\nredis_version:5.0.1\r\nmaxmemory_policy:allkeys-lru", 2],
  ])("finds what is wrong in %j", (info, warnings) => {
    expect(judgeRedis(parseInfo(info))).toHaveLength(warnings);
  });
});

describe("hidePassword", () => {
  it.each([
    ["redis://127.0.0.1:6379", "redis://127.0.0.1:6379"],
    ["redis://me:pw@host:1/2", "redis://me:***@host:1/2"],
  ])("shows %s as %s", (url, shown) => {
    expect(hidePassword(url)).toBe(shown);
  });
});

async function openPort() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const close = () => new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve()));
  return { port, close, [Symbol.asyncDispose]: close };
}
