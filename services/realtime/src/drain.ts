import type { Logger } from "@flotilla/shared/runtime/logger";
import { setTimeout as sleep } from "node:timers/promises";
import { count } from "./delivery.ts";
import type { RealtimeNamespace } from "./socket-types.ts";

/**
 * Sends every client to another replica, each at a moment of its own within `spreadMs`, so that they do not all come
 * back at once. Clients come back by themselves: the transport is closed, not the namespace.
 */
export async function drain(namespace: RealtimeNamespace, spreadMs: number, logger: Logger): Promise<void> {
  const sockets = [...namespace.sockets.values()];
  await Promise.all(
    sockets.map(async (socket) => {
      const reconnectInMs = Math.floor(Math.random() * spreadMs);
      socket.emit("draining", { reconnect_in_ms: reconnectInMs });
      await sleep(reconnectInMs);
      socket.conn.close();
    }),
  );
  logger.info(`${count(sockets.length, "dashboard connection")} cleaned up for shutdown`);
}
