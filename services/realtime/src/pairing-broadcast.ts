import type { PairingUpdate } from "@flotilla/shared/contract/realtime";
import { bindIds, type Logger } from "@flotilla/shared/runtime/logger";
import { membersOf } from "./back-pressure.ts";
import { count } from "./delivery.ts";
import type { Bells, PairingValues } from "./ports.ts";
import { pairingRoom } from "./rooms.ts";
import type { RealtimeNamespace, RealtimeSocket } from "./socket-types.ts";

/**
 * Codes to scan, to those who watch that pairing and nobody else. They come by Redis channel to every replica and are
 * never logged; who comes later is shown the latest one.
 */
export function createPairingBroadcast(deps: {
  namespace: RealtimeNamespace;
  bells: Bells;
  pairing: PairingValues;
  logger: Logger;
}) {
  const { namespace, bells, pairing, logger } = deps;
  /** Grows with every live value, so that an older one, read meanwhile, is not shown after it. */
  let received = 0;

  function broadcast(update: PairingUpdate): void {
    received++;
    const viewers = namespace.adapter.rooms.get(pairingRoom(update.session_id))?.size ?? 0;
    if (viewers === 0) return;
    namespace.local.to(pairingRoom(update.session_id)).emit("pairing", update);
    const what = update.kind === "qr" ? "QR code" : "pairing code";
    bindIds(logger, { sessionId: update.session_id }).info(
      update.value === null
        ? `pairing ended; told ${count(viewers, "viewer")}`
        : `${what} ${update.attempt} of round ${update.round} shown to ${count(viewers, "viewer")}`,
    );
  }

  async function showLatest(sessionId: string, sockets: readonly RealtimeSocket[]): Promise<void> {
    const before = received;
    const update = await pairing.read(sessionId);
    if (update === null || received !== before) return;
    for (const socket of sockets) socket.emit("pairing", update);
    bindIds(logger, { sessionId }).info(
      `the current ${update.kind === "qr" ? "QR" : "pairing"} code shown to a viewer who came later`,
    );
  }

  const tryShowLatest = (sessionId: string, sockets: readonly RealtimeSocket[]) => {
    showLatest(sessionId, sockets).catch((error: unknown) => {
      bindIds(logger, { sessionId }).warn({ error }, "the current code could not be read; the next one will be shown");
    });
  };

  bells.onPairing(broadcast);
  bells.onReconnected(() => {
    for (const room of namespace.adapter.rooms.keys())
      if (room.startsWith(pairingRoom("")))
        tryShowLatest(room.slice(pairingRoom("").length), membersOf(namespace, room));
  });

  return {
    /** Shows the code of the moment, when there is one, after the room was joined. */
    show: (socket: RealtimeSocket, sessionId: string) => tryShowLatest(sessionId, [socket]),
  };
}
