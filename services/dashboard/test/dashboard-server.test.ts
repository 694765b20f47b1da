import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@flotilla/shared/runtime/logger";
import { Server } from "socket.io";
import { type Socket, io } from "socket.io-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDashboardServer } from "../src/server/dashboard-server.ts";

/** Answers with what it was asked, so that a test sees what the proxy made of a request. */
const upstream = createServer((request, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({ url: request.url, host: request.headers.host, authorization: request.headers.authorization }),
  );
});
const live = new Server(upstream, { transports: ["websocket"] });
live.on("connection", (socket) => socket.emit("origin", socket.handshake.headers.origin ?? null));

let folder: string;
let upstreamUrl: string;
let url: string;
let server: Awaited<ReturnType<typeof openDashboardServer>>;

const open = (changes: { api?: string; simulator?: string } = {}) =>
  openDashboardServer(
    {
      port: 0,
      host: "127.0.0.1",
      logLevel: "silent",
      publishableKey: "sb_publishable_test",
      upstreams: {
        api: changes.api ?? upstreamUrl,
        realtime: [upstreamUrl],
        simulator: changes.simulator,
        supabase: upstreamUrl,
      },
    },
    { logger: createLogger({ service: "dashboard", level: "silent" }), distFolder: folder },
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flotilla-dist-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<title>Flotilla</title>");
  await writeFile(join(folder, "assets/app-1a2b.js"), "export {};");
  await once(upstream.listen(0, "127.0.0.1"), "listening");
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  server = await open();
  url = `http://127.0.0.1:${server.port}`;
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await live.close();
  await rm(folder, { recursive: true });
});

test("every address that is no file shows the page, with a policy that lets only our scripts run", async () => {
  const response = await fetch(`${url}/campaigns/42?x=1`);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain("<title>Flotilla</title>");
  const policy = response.headers.get("content-security-policy");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("cache-control")).toBe("no-cache");
});

test("files with a hash in their name may be kept for ever", async () => {
  const response = await fetch(`${url}/assets/app-1a2b.js`);
  expect(response.headers.get("cache-control")).toContain("immutable");
});

test("the page's configuration names no other origin and no secret", async () => {
  await expect((await fetch(`${url}/config.json`)).json()).resolves.toEqual({
    supabaseUrl: "/supabase",
    supabasePublishableKey: "sb_publishable_test",
    apiUrl: "",
    realtimeUrl: "",
    simulator: false,
  });
});

test("requests reach the API as they are, and sign-in without its prefix", async () => {
  const headers = { authorization: "Bearer token" };
  await expect((await fetch(`${url}/v1/me?a=1`, { headers })).json()).resolves.toMatchObject({
    url: "/v1/me?a=1",
    authorization: "Bearer token",
  });
  await expect((await fetch(`${url}/supabase/auth/v1/token`)).json()).resolves.toMatchObject({ url: "/auth/v1/token" });
});

test("dots in a path do not lead past the sign-in routes of Supabase", async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const raw = { port: server.port, host: "127.0.0.1", path: "/supabase/auth/v1/..%2f../rest/v1/messages" };
    httpRequest(raw, (response) => resolve(response.resume().statusCode))
      .on("error", reject)
      .end();
  });
  const answer = await fetch(`${url}/supabase/rest/v1/messages`);
  expect(answer.status).toBe(404);
  expect([200, 404]).toContain(status); // judged as one segment under auth, never as rest
});

test("what is not there answers as a problem with a request id", async () => {
  const response = await fetch(`${url}/sim/v1/phones`);
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  await expect(response.json()).resolves.toMatchObject({ code: "not_found", request_id: expect.any(String) });
});

test("a service that is away answers 503, and pages still come", async () => {
  const lonely = await open({ api: "http://127.0.0.1:9" });
  try {
    const response = await fetch(`http://127.0.0.1:${lonely.port}/v1/me`);
    expect(response.status).toBe(503);
    await expect(response.json()).resolves.toMatchObject({ code: "unavailable" });
    expect((await fetch(`http://127.0.0.1:${lonely.port}/`)).status).toBe(200);
  } finally {
    await lonely[Symbol.asyncDispose]();
  }
});

function connect(origin: string): Socket {
  return io(url, { transports: ["websocket"], extraHeaders: { origin }, reconnection: false });
}

test("a live connection of our own page passes through, under whatever name the page is open", async () => {
  const socket = connect(url);
  const seen = await new Promise((resolve) => socket.once("origin", resolve));
  socket.disconnect();
  expect(seen).toBeNull();
});

test("a live connection of another site's page is refused", async () => {
  const socket = connect("https://elsewhere.example");
  const error = await new Promise((resolve) => socket.once("connect_error", resolve));
  expect(error).toBeInstanceOf(Error);
});

test("closing does not wait for live connections", async () => {
  const own = await open();
  const socket = io(`http://127.0.0.1:${own.port}`, { transports: ["websocket"], reconnection: false });
  await new Promise((resolve) => socket.once("connect", () => resolve(undefined)));
  const gone = new Promise((resolve) => socket.once("disconnect", resolve));
  await own[Symbol.asyncDispose]();
  await expect(gone).resolves.toBe("transport close");
});

test("as a process it says what is missing, and ends with status 1", async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../server.ts")], {
    env: { PATH: process.env["PATH"] },
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [status] = (await once(child, "exit")) as [number];
  expect(status).toBe(1);
  expect(output).toContain("API_URL is not set");
});
