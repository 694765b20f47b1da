import { tryParseBell } from "@flotilla/shared/runtime/event-log";
import { tryParsePairing } from "@flotilla/shared/runtime/pairing-store";
import { bellChannel, pairingChannel } from "@flotilla/shared/runtime/redis-keys";
import type { Redis } from "ioredis";
import type { Bells } from "../ports.ts";

/**
 * Listens on Redis for bells and pairing values; ioredis subscribes again by itself after an outage. The connection is
 * a subscriber's own and stays its opener's to close.
 */
export function createBells(subscriber: Redis): Bells {
  // Waits out an outage at start: until then the poll of the heads does the bell's work.
  subscriber.subscribe(bellChannel, pairingChannel).catch(() => {
    // Only a closed connection refuses, and then nobody listens any more.
  });
  const onMessage = <Parsed>(channel: string, parse: (text: string) => Parsed | null) => {
    return (listener: (parsed: Parsed) => void) => {
      subscriber.on("message", (from: string, text: string) => {
        const parsed = from === channel ? parse(text) : null;
        if (parsed !== null) listener(parsed);
      });
    };
  };
  return {
    onLogGrown: onMessage(bellChannel, tryParseBell),
    onPairing: onMessage(pairingChannel, tryParsePairing),
    onReconnected: (listener) => {
      let connected = subscriber.status === "ready";
      subscriber.on("ready", () => {
        if (connected) listener();
        connected = true;
      });
    },
  };
}
