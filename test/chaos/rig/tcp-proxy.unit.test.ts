import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { openTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

let server: Server;
let proxy: TcpProxy;
/** What the server got, a piece for each read. */
let got: Buffer[];
let peers: Socket[];
let endings: string[];

beforeEach(async () => {
  [got, peers, endings] = [[], [], []];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    peers.push(socket);
    socket.on("data", (data: Buffer) => got.push(data));
    socket.on("end", () => endings.push("end"));
    socket.on("error", (error) => endings.push((error as NodeJS.ErrnoException).code ?? "error"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await openTcpProxy(() => (server.address() as AddressInfo).port, 1);
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  for (const peer of peers) peer.destroy();
  server.close();
});

async function open(): Promise<Socket & { heard: () => string }> {
  const socket = connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true });
  let heard = "";
  socket.on("data", (data: Buffer) => (heard += data.toString()));
  socket.on("error", (error) => endings.push(`client ${(error as NodeJS.ErrnoException).code}`));
  await once(socket, "connect");
  await waitFor(() => peers.length === proxy.connections(), { describe: "the server to have it" });
  return Object.assign(socket, { heard: () => heard });
}

const received = () => Buffer.concat(got).toString();

test("bytes go both ways, and an end of one direction leaves the other open", async () => {
  const client = await open();
  client.write("up");
  await waitFor(() => received() === "up", { describe: "bytes up" });
  proxy.halfCloseAll("up");
  await waitFor(() => endings.includes("end"), { describe: "the end" });
  peers[0]!.write("down");
  await waitFor(() => client.heard() === "down", { describe: "bytes down" });
});

test("a black hole in one direction holds that one and lets the other pass; after healing nothing is missing", async () => {
  const client = await open();
  proxy.set({ hold: "up" });
  client.write("held");
  peers[0]!.write("passes");
  await waitFor(() => client.heard() === "passes", { describe: "the other direction" });
  expect(received()).toBe("");
  proxy.heal();
  await waitFor(() => received() === "held", { describe: "what was held" });
});

test("a connection made in a black hole hears nothing until it heals", async () => {
  proxy.set({ hold: "both" });
  const client = await open();
  client.write("hello");
  peers[0]!.write("welcome");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(received() + client.heard()).toBe("");
  proxy.heal();
  await waitFor(() => received() === "hello" && client.heard() === "welcome", { describe: "both" });
});

test("a reset reaches both ends as one", async () => {
  await open();
  expect(proxy.resetAll()).toBe(1);
  await waitFor(() => endings.includes("ECONNRESET") && endings.includes("client ECONNRESET"), { describe: "resets" });
  expect(proxy.connections()).toBe(0);
});

test("latency delays and keeps the order; slices are no larger than told; a rate holds bytes back", async () => {
  const client = await open();
  proxy.set({ latencyMs: 80, jitterMs: 40, sliceBytes: 3 });
  const began = performance.now();
  client.write("0123456789");
  await waitFor(() => received() === "0123456789", { describe: "all bytes" });
  expect(performance.now() - began).toBeGreaterThan(75);
  proxy.heal();
  proxy.set({ bytesPerSecond: 10_000 });
  const then = performance.now();
  client.write(Buffer.alloc(2_000, "x"));
  await waitFor(() => received().length === 2_010, { describe: "the slow bytes" });
  expect(performance.now() - then).toBeGreaterThan(190);
});

test("a byte limit resets the connection after so many bytes", async () => {
  const client = await open();
  proxy.set({ byteLimit: 5, sliceBytes: 5 });
  client.write("0123456789");
  await waitFor(() => endings.includes("client ECONNRESET"), { describe: "the reset" });
  expect(received().length).toBeLessThanOrEqual(5);
});
