import { Worker } from "bullmq";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mintUuid } from "../src/contract/ids.ts";
import { checkRedis } from "../src/runtime/check-redis.ts";
import { createConsumer, type JobConsumer } from "../src/runtime/job-consumer.ts";
import { createJobProducer } from "../src/runtime/job-producer.ts";
import { createLogger } from "../src/runtime/logger.ts";
import { publishPairing, readPairing } from "../src/runtime/pairing-store.ts";
import { queuePrefix } from "../src/runtime/queues.ts";
import { closeRedis, openRedis } from "../src/runtime/redis.ts";
import { pairingKey } from "../src/runtime/redis-keys.ts";
import { openTestStack, type TestStack } from "../src/testing/fixtures.ts";
import { waitFor } from "../src/testing/wait-for.ts";

const logger = createLogger({ service: "test", level: "silent" });
let stack: TestStack;
let redis: Redis;
const consumers: JobConsumer[] = [];
beforeAll(async () => {
  stack = await openTestStack();
  redis = openRedis({ url: stack.redisUrl, role: "command", service: "test", logger });
});
afterAll(async () => {
  await Promise.all(consumers.map((consumer) => consumer.close()));
  await closeRedis(redis);
  await stack[Symbol.asyncDispose]();
});

/** Consumes the wake-ups of a shard; `hold` keeps a handler running until it is released. */
function consumeShard(shard: number) {
  const runs: number[] = [];
  let gate: Promise<void> = Promise.resolve();
  const consumer = createConsumer({
    queue: "cmd",
    shard,
    redis,
    logger,
    handlers: {
      "session.reconcile": () => {},
      "outbox.wake": async ({ lane }) => {
        runs.push(lane);
        await gate;
      },
    },
  });
  consumers.push(consumer);
  return {
    runs,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

describe("wake-ups on a real Redis", () => {
  it("run once more when one is added while the subject is being worked on, however many are added", async () => {
    await using producer = createJobProducer({ redis, logger });
    const shard = consumeShard(1);
    const release = shard.hold();
    const payload = { session: mintUuid(), lane: 7 };
    await producer.enqueue("outbox.wake", payload, { shard: 1 });
    await waitFor(() => shard.runs.length === 1, { describe: "the job to run" });
    for (let index = 0; index < 10; index++) await producer.enqueue("outbox.wake", payload, { shard: 1 });
    release();
    await waitFor(() => shard.runs.length === 2, { describe: "the job to run" });
    await producer.enqueue("outbox.wake", { ...payload, lane: 8 }, { shard: 1 });
    await waitFor(() => shard.runs.includes(8), { describe: "the job to run" });
    expect(shard.runs).toEqual([7, 7, 8]);
  });

  it("outlive any number of workers that died with them: a job is a wake-up, not an attempt", async () => {
    await using producer = createJobProducer({ redis, logger });
    await producer.enqueue("outbox.wake", { session: mintUuid(), lane: 3 }, { shard: 6 });
    // A worker that took it, and died with it for the ninth time; BullMQ's own limit is one.
    const prefix = queuePrefix("cmd", 6);
    const dead = new Worker("cmd", null, { connection: redis, prefix, autorun: false });
    const job = await dead.getNextJob("dead", { block: false });
    expect(job?.name).toBe("outbox.wake");
    await redis.hset(`${prefix}:cmd:${job.id}`, "stc", 9);
    await redis.del(`${prefix}:cmd:${job.id}:lock`);
    const shard = consumeShard(6);
    await waitFor(() => shard.runs.length === 1, { describe: "the job to run", timeoutMs: 20_000 });
    await dead.close(true);
  }, 30_000);

  it("are not swallowed by a timer for the same subject", async () => {
    await using producer = createJobProducer({ redis, logger });
    const shard = consumeShard(2);
    const payload = { session: mintUuid(), lane: 0 };
    await producer.enqueue("outbox.wake", payload, { shard: 2, delayMs: 600_000 });
    await producer.enqueue("outbox.wake", payload, { shard: 2 });
    await waitFor(() => shard.runs.length === 1, { describe: "the job to run" });
  });

  it("leave nothing behind", async () => {
    await using producer = createJobProducer({ redis, logger });
    const shard = consumeShard(3);
    await producer.enqueue("outbox.wake", { session: mintUuid(), lane: 0 }, { shard: 3 });
    await waitFor(() => shard.runs.length === 1, { describe: "the job to run" });
    await waitFor(async () => (await redis.keys("{wa:3}:cmd:[0-9]*")).length === 0, { describe: "the job to run" });
    expect(await redis.keys("{wa:3}:cmd:de:*")).toEqual([]);
  });

  it("fail fast when Redis is away", async () => {
    const away = openRedis({ url: "redis://127.0.0.1:1", role: "producer", service: "test", logger });
    await using producer = createJobProducer({ redis: away, logger });
    const wake = producer.enqueue("outbox.wake", { session: mintUuid(), lane: 0 }, { shard: 1 });
    await expect(wake).rejects.toMatchObject({ code: "unavailable" });
    await closeRedis(away);
  });
});

describe("scheduled jobs", () => {
  it("run once for the fleet however many processes ask for them", async () => {
    await using producer = createJobProducer({ redis, logger });
    await using other = createJobProducer({ redis, logger });
    let passes = 0;
    consumers.push(
      createConsumer({ queue: "upkeep", redis, logger, handlers: { "upkeep.pass": () => void passes++ } }),
    );
    await Promise.all([producer.schedule("upkeep.pass", {}, 3_600_000), other.schedule("upkeep.pass", {}, 3_600_000)]);
    await waitFor(() => passes === 1, { describe: "the job to run" });
    expect(await redis.zcard("{wa:c}:upkeep:repeat")).toBe(1);
  });
});

describe("the pairing store", () => {
  const update = { session_id: mintUuid(), kind: "qr" as const, value: "code", attempt: 1, round: 1 };

  it("keeps the latest code no longer than the code lives, and forgets it when pairing ends", async () => {
    const expires_at = new Date(Date.now() + 20_000).toISOString();
    await publishPairing(redis, { ...update, expires_at });
    expect(await readPairing(redis, update.session_id)).toEqual({ ...update, expires_at });
    expect(await redis.pttl(pairingKey(update.session_id))).toBeLessThanOrEqual(20_000);
    await publishPairing(redis, { ...update, value: null, expires_at: null });
    expect(await readPairing(redis, update.session_id)).toBeNull();
  });
});

describe("checkRedis", () => {
  it("accepts the Redis we bring", async () => {
    await expect(checkRedis({ url: stack.redisUrl, logger })).resolves.toBeUndefined();
  });

  it("says that the password was refused", async () => {
    const url = new URL(stack.redisUrl);
    url.password = "wrong";
    await expect(checkRedis({ url: url.href, logger })).rejects.toThrow("the password was refused");
  });
});
