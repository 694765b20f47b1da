import { type KeyPairPool, openKeyPairPool, type SignalKeyPair } from "./key-pair-pool.ts";
import { requireFromBaileys } from "./library-module.ts";

/** One pairing (812 one-time keys and some) and what ratchets need meanwhile. */
const pairsReady = 1_024;

let pool: KeyPairPool | undefined;

/**
 * Lets libsignal take its key pairs from a pool filled by another thread; when the pool is dry it makes them itself, as
 * before. Once for each process; a second call gets the same pool.
 *
 * Must run before Baileys is imported: it keeps the function it finds.
 */
export function makeKeyPairsAhead(): KeyPairPool {
  if (pool) return pool;
  const opened = openKeyPairPool(pairsReady);
  const curve = requireFromBaileys()("libsignal/src/curve.js") as { generateKeyPair: () => SignalKeyPair };
  const { generateKeyPair } = curve;
  curve.generateKeyPair = () => opened.take() ?? generateKeyPair();
  pool = opened;
  return opened;
}
