import {
  type ClientToServerEvents,
  realtimeNamespace,
  type ServerToClientEvents,
} from "@flotilla/shared/contract/realtime";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { createOps } from "@flotilla/shared/runtime/ops";
import { handleOps, listen } from "@flotilla/shared/runtime/ops-server";
import { socketAdapterKey } from "@flotilla/shared/runtime/redis-keys";
import { createAdapter } from "@socket.io/redis-adapter";
import { createServer, type IncomingMessage } from "node:http";
import { Counter, Gauge } from "prom-client";
import { type DefaultEventsMap, Server } from "socket.io";
import { createHandshake } from "./authenticate.ts";
import type { Config } from "./config.ts";
import { serveConnection } from "./connection.ts";
import { createDelivery } from "./delivery.ts";
import type { Dependencies } from "./dependencies.ts";
import { drain } from "./drain.ts";
import { createEventFeed } from "./event-feed.ts";
import { createPairingBroadcast } from "./pairing-broadcast.ts";
import { tenantRoom } from "./rooms.ts";
import type { ConnectionData, RealtimeNamespace, RealtimeSocket } from "./socket-types.ts";
import { createSubscriptions } from "./subscriptions.ts";
import packageFile from "../package.json" with { type: "json" };

export interface ServerOptions extends Omit<Dependencies, typeof Symbol.asyncDispose> {
  config: Pick<Config, "host" | "port" | "replica" | "origins" | "drainMs">;
  logger: Logger;
}

/** Starts one realtime replica: Socket.io and the ops paths on one port. Rejects when the port is busy. */
export async function openServer({ config, logger, redis, log, access, verifyToken, bells, pairing }: ServerOptions) {
  let draining = false;
  const ops = createOps({
    service: "realtime",
    version: packageFile.version,
    isDraining: () => draining,
    checks: {
      database: { required: true, check: async () => void (await log.readHeads([])) },
      // Without Redis bells are lost and codes do not come; events still do, by polling.
      redis: { required: false, check: async () => void (await redis.command.ping()) },
    },
  });
  const http = createServer(handleOps(ops));
  const io = new Server<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, ConnectionData>(http, {
    transports: ["websocket"],
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: 64 * 1_024,
    connectTimeout: 10_000,
    serveClient: false,
    adapter: createAdapter(redis.command, redis.adapter, { key: socketAdapterKey }),
    allowRequest: (request, decide) => decide(null, isWelcome(request, config.origins)),
  });
  // The upgrade request is of no further use and holds kilobytes for each idle connection.
  io.engine.on("connection", (connection: { request: unknown }) => (connection.request = null));
  io.use((_, next) => next(new Error("use the namespace /realtime")));

  const namespace: RealtimeNamespace = io.of(realtimeNamespace);
  const pairings = createPairingBroadcast({ namespace, bells, pairing, logger });
  const subscriptions = createSubscriptions({ access, log, logger, showPairing: pairings.show });
  const registers = [ops.registry];
  const demotions = new Counter({
    name: "flotilla_gateway_demotions_total",
    help: "Slow clients taken out of a room",
    registers,
  });
  const connections = new Gauge({ name: "flotilla_ws_connections", help: "Dashboards connected here", registers });
  const delivery = createDelivery({ namespace, subscriptions, logger, onDemoted: () => demotions.inc() });
  const feeds = createEventFeed({
    ...delivery,
    log,
    bells,
    logger,
    isWatched: (tenant) => namespace.adapter.rooms.has(tenantRoom(tenant)),
  });
  const handshake = createHandshake({ namespace, verifyToken, access, feeds, isDraining: () => draining, logger });
  namespace.use((socket, next) => void handshake(socket, next));
  namespace.on("connection", (socket: RealtimeSocket) => {
    connections.inc();
    socket.on("disconnect", () => connections.dec());
    serveConnection({ namespace, subscriptions, access, verifyToken, replica: config.replica, logger }, socket);
  });

  const port = await listen(http, config);
  return {
    port,
    /** Refuses new clients and sends the present ones away within the configured time. */
    async drain() {
      draining = true;
      await drain(namespace, config.drainMs, logger);
    },
    async [Symbol.asyncDispose]() {
      draining = true;
      await io.close();
      await feeds[Symbol.asyncDispose]();
    },
  };
}

/** Browsers name their origin; other programs send none. Tokens travel in the handshake, so no cookie can be abused. */
function isWelcome(request: IncomingMessage, origins: readonly string[]): boolean {
  const { origin } = request.headers;
  return origin === undefined || origins.includes("*") || origins.includes(origin);
}
