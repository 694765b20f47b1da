import { AppError } from "@flotilla/shared/contract/problem";
import { readPairing } from "@flotilla/shared/runtime/pairing-store";
import type { Redis } from "ioredis";
import type { PairingCodes } from "../ports.ts";

/** QR codes as the worker left them in Redis, where each lives as long as WhatsApp takes it. */
export function createPairingCodes(redis: Redis): PairingCodes {
  return {
    async read(sessionId) {
      const update = await readPairing(redis, sessionId).catch((cause: unknown) => {
        throw new AppError("unavailable", "Redis, which holds the QR codes, is away", { cause, retryAfterSeconds: 2 });
      });
      if (update === null || update.kind !== "qr" || update.value === null || update.expires_at === null) return null;
      const { value, attempt, round, expires_at } = update;
      return { qr: value, attempt, round, expires_at };
    },
  };
}
