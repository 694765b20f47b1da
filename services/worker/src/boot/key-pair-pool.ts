import { Worker } from "node:worker_threads";

/** A Curve25519 pair as libsignal hands it out: the public key with its type byte 5. */
export interface SignalKeyPair {
  pubKey: Buffer;
  privKey: Buffer;
}

export interface KeyPairPool {
  /** The next ready pair; undefined when none is ready. Every pair is given once. */
  take(): SignalKeyPair | undefined;
  /** Pairs that are ready now. */
  size(): number;
  [Symbol.asyncDispose](): Promise<void>;
}

const KEY_BYTES = 32;
/** Pairs asked for at a time. */
const batch = 512;

/**
 * Curve25519 key pairs made ahead by a thread of their own. Pairing wants 812 one-time keys at once, which would hold the
 * loop, and with it every other session's sends, while they are made; a new ratchet step wants one.
 *
 * @param target pairs kept ready; 64 bytes each
 */
export function openKeyPairPool(target: number): KeyPairPool {
  const thread = new Worker(new URL("./key-pair-thread.ts", import.meta.url), { execArgv: [] });
  thread.unref();
  let ready: Uint8Array[] = [];
  let first = 0;
  let count = 0;
  let isAsking = false;

  const ask = (): void => {
    if (isAsking || count >= target) return;
    isAsking = true;
    thread.postMessage(batch);
  };
  thread.on("message", (pairs: Uint8Array) => {
    ready.push(pairs);
    count += batch;
    isAsking = false;
    ask();
  });
  // Without its thread the pool runs dry and its users make pairs themselves.
  thread.on("error", () => undefined);
  ask();

  return {
    take() {
      const pairs = ready[0];
      if (!pairs) return undefined;
      const at = first * 2 * KEY_BYTES;
      const privKey = Buffer.from(pairs.subarray(at, at + KEY_BYTES));
      const pubKey = Buffer.concat([Buffer.of(5), pairs.subarray(at + KEY_BYTES, at + 2 * KEY_BYTES)]);
      pairs.fill(0, at, at + 2 * KEY_BYTES);
      first += 1;
      count -= 1;
      if (first === batch) {
        ready = ready.slice(1);
        first = 0;
      }
      ask();
      return { pubKey, privKey };
    },
    size: () => count,
    async [Symbol.asyncDispose]() {
      await thread.terminate();
    },
  };
}
