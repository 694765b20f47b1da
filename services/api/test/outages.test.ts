import { createLogger } from "@flotilla/shared/runtime/logger";
import { Redis } from "ioredis";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, test } from "vitest";
import { openDependencies } from "../src/dependencies.ts";
import { aMessage, openRunningApi } from "./running-api.ts";

test("with Redis gone a message is still accepted at once, its row is there, and it is said in the log", async () => {
  await using api = await openRunningApi();
  await api.call("POST", "/v1/sessions", { body: { name: "main" } });
  const redis = new Redis(api.stack.redisUrl, { retryStrategy: null });
  redis.on("error", () => undefined);
  await redis.shutdown("NOSAVE").catch(() => undefined);
  redis.disconnect();

  for (let index = 0; index < 5; index++) {
    const sent = await api.call("POST", "/v1/messages", { body: aMessage("main", { client_ref: `r-${index}` }) });
    expect(sent.status).toBe(202);
    expect((await api.call("GET", `/v1/messages/${sent.body.id}`)).status).toBe(200);
  }
  const qr = await api.call("GET", "/v1/sessions/main/qr?wait=1");
  expect(qr.body).toMatchObject({ status: 503, code: "unavailable" });
  expect(qr.headers.get("retry-after")).toBe("2");
  await expect.poll(() => api.logged.join(""), { timeout: 30_000 }).toContain("Jobs could not be queued");
  expect(api.logged.filter((line) => line.includes("Jobs could not be queued"))).toHaveLength(1);

  await expect
    .poll(async () => (await api.call("GET", "/health")).body, { timeout: 30_000 })
    .toMatchObject({ status: "degraded", components: { postgres: { status: "up" }, redis: { status: "down" } } });
  expect((await api.call("GET", "/readyz")).status).toBe(200);
});

test("with the database away the answer is 503 with Retry-After, never a false 202, until it is back", async () => {
  let target = "";
  const sockets = new Set<Socket>();
  const openProxy = () =>
    createServer((inbound) => {
      const outbound = connect(Number(new URL(target).port), "127.0.0.1");
      for (const socket of [inbound, outbound]) sockets.add(socket.on("error", () => socket.destroy()));
      inbound.pipe(outbound).pipe(inbound);
    });
  const proxy = openProxy();
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  await using api = await openRunningApi((stack) => {
    target = stack.supabaseUrl;
    return { SUPABASE_URL: `http://127.0.0.1:${port}` };
  });
  await api.call("POST", "/v1/sessions", { body: { name: "main" } });
  expect((await api.call("GET", "/readyz")).status).toBe(200);

  proxy.close();
  for (const socket of sockets) socket.destroy();
  for (const path of ["/v1/messages", "/v1/sessions"]) {
    const reply = await api.call("POST", path, { body: path === "/v1/messages" ? aMessage("main") : { name: "b" } });
    expect(reply.body).toMatchObject({ status: 503, code: "unavailable" });
    expect(Number(reply.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  await expect.poll(async () => (await api.call("GET", "/readyz")).status, { timeout: 30_000 }).toBe(503);
  expect((await api.call("GET", "/livez")).status).toBe(200);

  const again = openProxy();
  await new Promise<void>((resolve) => again.listen(port, "127.0.0.1", resolve));
  await expect
    .poll(async () => (await api.call("POST", "/v1/messages", { body: aMessage("main") })).status, { timeout: 30_000 })
    .toBe(202);
  again.close();
  for (const socket of sockets) socket.destroy();
});

test("a start without its neighbours says which one is missing", async () => {
  await using api = await openRunningApi();
  const logger = createLogger({ service: "api", level: "silent" });
  const good = {
    redisUrl: api.stack.redisUrl,
    supabase: { url: api.stack.supabaseUrl, secretKey: api.stack.secretKey },
    tokens: { kind: "secret", secret: api.stack.jwtSecret, issuer: "x" },
    simulatorUrl: null,
  } as const;
  await expect(openDependencies({ ...good, redisUrl: "redis://127.0.0.1:1" }, logger)).rejects.toThrow("REDIS_URL");
  const elsewhere = { ...good.supabase, url: "http://127.0.0.1:1" };
  await expect(openDependencies({ ...good, supabase: elsewhere }, logger)).rejects.toThrow("SUPABASE_URL");
  const wrongKey = { ...good.supabase, secretKey: api.stack.publishableKey };
  await expect(openDependencies({ ...good, supabase: wrongKey }, logger)).rejects.toThrow("SUPABASE_SECRET_KEY");
});
