import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Envelope } from "@flotilla/shared/contract/events";
import {
  type ClientToServerEvents,
  type ServerToClientEvents,
  type SubscribeRequest,
  realtimeNamespace,
} from "@flotilla/shared/contract/realtime";
import { type ServerOptions, Server, type Socket } from "socket.io";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RealtimeClient } from "../src/live/realtime-client.ts";
import { anEvent, logId } from "./builders.ts";

type Peer = Socket<ClientToServerEvents, ServerToClientEvents>;
const otherLog = "99999999-9999-4999-8999-999999999999";

/** A real Socket.io server whose answers the test writes; it keeps what it was asked. */
let io: Server<ClientToServerEvents, ServerToClientEvents>;
let peers: Peer[];
let asked: SubscribeRequest["topics"];
let resumed: { topic: string; after: number }[];
let refuse: string | null;
let client: RealtimeClient;
let seen: number[];
const renewals = vi.fn<() => void>();
const onResync = vi.fn<() => void>();

beforeEach(async () => {
  [peers, asked, resumed, seen, refuse] = [[], [], [], [], null];
  renewals.mockClear();
  onResync.mockClear();
  const server = createServer();
  const options: Partial<ServerOptions> = { transports: ["websocket"] };
  io = new Server(server, options);
  const namespace = io.of(realtimeNamespace);
  namespace.use((_socket, next) => {
    if (refuse === null) next();
    else next(Object.assign(new Error(refuse), { data: { code: refuse } }));
  });
  namespace.on("connection", (peer) => {
    peers.push(peer);
    peer.on("subscribe", ({ topics }, answer) => {
      asked.push(...topics);
      answer({ results: topics.map(({ topic }) => ({ topic, ok: true, head: 0, log_id: logId, replay: false })) });
    });
    peer.on("resume", (request, answer) => {
      resumed.push(request);
      answer({ results: [{ topic: request.topic, ok: true, head: 0, log_id: logId, replay: true }] });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = new RealtimeClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    getToken: async (options) => {
      if (options?.renew) renewals();
      return "token";
    },
    onResync,
  });
  client.onEvents((events) => seen.push(...events.map(({ sequence }) => sequence)));
});

afterEach(async () => {
  client.close();
  await io.close();
});

const event = (sequence: number): Envelope => anEvent("chat.read", sequence, { chat_id: crypto.randomUUID() });
const batch = (from: number, to: number, sequences: number[], log_id = logId) => ({
  topic: "tenant",
  log_id,
  from,
  to,
  events: sequences.map(event),
});

async function follow(after: number): Promise<Peer> {
  client.follow("tenant");
  client.startFrom("tenant", { sequence: after, log_id: logId });
  client.open();
  await vi.waitUntil(() => asked.length > 0);
  return peers[0]!;
}

test("it asks for everything after the position an answer was read at, and shows each event once", async () => {
  const peer = await follow(4);
  expect(asked).toEqual([{ topic: "tenant", after: 4, log_id: logId }]);
  peer.emit("events", batch(4, 6, [5, 6]));
  peer.emit("events", batch(3, 6, [4, 5, 6]));
  peer.emit("events", batch(6, 9, [8]));
  await vi.waitUntil(() => seen.length === 3);
  expect(seen).toEqual([5, 6, 8]);
});

test("a missing range is asked for and nothing after it is shown before", async () => {
  const peer = await follow(4);
  peer.emit("events", batch(8, 9, [9]));
  await vi.waitUntil(() => resumed.length > 0);
  expect(seen).toEqual([]);
  expect(resumed).toMatchObject([{ topic: "tenant", after: 4, log_id: logId }]);
  peer.emit("events", batch(4, 9, [5, 9]));
  await vi.waitUntil(() => seen.length === 2);
  expect(seen).toEqual([5, 9]);
});

test("after a broken connection it comes back by itself and goes on from where it stood", async () => {
  const peer = await follow(4);
  peer.emit("events", batch(4, 6, [6]));
  await vi.waitUntil(() => seen.length === 1);
  peer.conn.close();
  await vi.waitUntil(() => client.linkState().state === "lost");
  await vi.waitUntil(() => asked.length === 2, 5_000);
  expect(asked[1]).toEqual({ topic: "tenant", after: 6, log_id: logId });
  expect(client.linkState().state).toBe("live");
});

test("another log means that everything is read again", async () => {
  const peer = await follow(4);
  peer.emit("events", batch(0, 1, [1], otherLog));
  await vi.waitUntil(() => onResync.mock.calls.length > 0);
  expect(seen).toEqual([]);
  client.startFrom("tenant", { sequence: 1, log_id: otherLog });
  await vi.waitUntil(() => asked.length === 2);
  expect(asked[1]).toEqual({ topic: "tenant", after: 1, log_id: otherLog });
});

test("refused for an old token, it renews the token and tries again", async () => {
  refuse = "token_expired";
  client.follow("pairing:x");
  client.open();
  await vi.waitUntil(() => renewals.mock.calls.length > 0);
  refuse = null;
  await vi.waitUntil(() => asked.length > 0, 5_000);
  expect(asked).toEqual([{ topic: "pairing:x" }]);
});

test("a replica that drains is left at once, and another found when it says", async () => {
  const peer = await follow(4);
  peer.emit("draining", { reconnect_in_ms: 10 });
  await vi.waitUntil(() => peers.length === 2, 5_000);
  expect(peer.disconnected).toBe(true);
});

test("an event of a kind this page does not know is left out, and the log moves on", async () => {
  const peer = await follow(4);
  const unknown = { ...event(5), type: "moon.risen" } as unknown as Envelope;
  peer.emit("events", { ...batch(4, 5, []), events: [unknown] });
  peer.emit("events", batch(5, 6, [6]));
  await vi.waitUntil(() => seen.length === 1);
  expect(seen).toEqual([6]);
});

test("the latest code of a pairing is kept for whoever looks, and forgotten with the last look", async () => {
  const session = crypto.randomUUID();
  const leave = client.follow(`pairing:${session}`);
  client.open();
  await vi.waitUntil(() => asked.length > 0);
  const update = { session_id: session, kind: "qr", value: "2@x", attempt: 1, round: 2, expires_at: null } as const;
  peers[0]!.emit("pairing", update);
  await vi.waitUntil(() => client.pairingOf(session) !== undefined);
  expect(client.pairingOf(session)).toEqual(update);
  leave();
  expect(client.pairingOf(session)).toBeUndefined();
});
