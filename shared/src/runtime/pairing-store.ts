import type { Redis } from "ioredis";
import { PairingUpdate } from "../contract/realtime.ts";
import { pairingChannel, pairingKey } from "./redis-keys.ts";

/** How long a value without an end of its own is kept. WhatsApp's QR codes live 60 s at first, then 20 s. */
const defaultTtlMs = 60_000;

/**
 * Publishes the code to scan now: kept as the latest value until it expires and sent to those who watch. A null value
 * removes it and tells the watchers that pairing ended. Rejects when Redis refuses; the next code comes soon anyway.
 */
export async function publishPairing(redis: Redis, update: PairingUpdate, nowMs: number = Date.now()): Promise<void> {
  const text = JSON.stringify(PairingUpdate.parse(update));
  const key = pairingKey(update.session_id);
  const ttlMs = update.expires_at === null ? defaultTtlMs : Date.parse(update.expires_at) - nowMs;
  const change = redis.multi();
  if (update.value === null || ttlMs <= 0) change.del(key);
  else change.set(key, text, "PX", ttlMs);
  for (const [error] of (await change.publish(pairingChannel, text).exec()) ?? []) if (error) throw error;
}

/** The code to scan now, or null when there is none. */
export async function readPairing(redis: Redis, sessionId: string): Promise<PairingUpdate | null> {
  const text = await redis.get(pairingKey(sessionId));
  return text === null ? null : tryParsePairing(text);
}

/** A pairing value as it stands in Redis, or null when it is not one of ours. */
export function tryParsePairing(text: string): PairingUpdate | null {
  try {
    return PairingUpdate.parse(JSON.parse(text));
  } catch {
    // Another version's value, or rubbish: the same as none, and the next code replaces it.
    return null;
  }
}
