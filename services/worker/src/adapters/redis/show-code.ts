import type { Logger } from "@flotilla/shared/runtime/logger";
import { publishPairing } from "@flotilla/shared/runtime/pairing-store";
import type { Redis } from "ioredis";
import type { ShowCode } from "../../store-ports.ts";

/**
 * Shows codes through Redis, where they expire by themselves. While Redis is away a code is not shown; the next one comes
 * within a minute.
 */
export function createShowCode(redis: Redis, logger: Logger): ShowCode {
  return ({ sessionId, value, attempt, round, expiresAtMs }) => {
    if (redis.status !== "ready") {
      logger.warn({ sessionId }, "a QR code cannot be shown while Redis is away");
      return;
    }
    const expires_at = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
    publishPairing(redis, { session_id: sessionId, kind: "qr", value, attempt, round, expires_at }).catch(
      (error: unknown) => logger.warn({ error, sessionId }, "a QR code could not be shown"),
    );
  };
}
