import { createCipheriv, createDecipheriv, createSecretKey, hash, timingSafeEqual } from "node:crypto";
import signalCrypto from "libsignal/src/crypto.js";
import signalCurve from "libsignal/src/curve.js";
import { generateKeyPair, sharedSecret } from "../protocol/keys.ts";

const BLOCK_BYTES = 64;
const KEY_TYPE = Buffer.from([5]);

/**
 * Makes the signal library (libsignal 6.0.0) quiet and fast, for this whole process. Call once, before first use.
 *
 * Quiet: it prints whole Signal sessions, keys included, when it replaces one or cannot use one, which phones here meet
 * all the time. The console of this process stays silent; our own words go through the logger.
 *
 * Fast: it gives raw key bytes to `node:crypto` for every HMAC and cipher, which costs Node 24 an exception with a stack
 * trace each time (25 µs instead of 5), and parses the same Curve25519 keys again for every agreement. The same
 * functions with key objects and one-shot hashes cost a third.
 */
export function tuneLibsignal(): void {
  const silent = (): void => undefined;
  Object.assign(globalThis["console"], { info: silent, warn: silent, error: silent });
  Object.assign(signalCrypto, { calculateMAC: hmac, deriveSecrets, verifyMAC, encrypt, decrypt });
  Object.assign(signalCurve, { calculateAgreement, generateKeyPair: generateTypedKeyPair });
}

/** HMAC-SHA-256 with a key of at most 64 bytes. */
function hmac(key: Uint8Array, data: Uint8Array): Buffer {
  const inner = Buffer.alloc(BLOCK_BYTES + data.length, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + 32, 0x5c);
  for (let index = 0; index < key.length; index++) {
    inner[index] = 0x36 ^ (key[index] ?? 0);
    outer[index] = 0x5c ^ (key[index] ?? 0);
  }
  inner.set(data, BLOCK_BYTES);
  outer.set(hash("sha256", inner, "buffer"), BLOCK_BYTES);
  return hash("sha256", outer, "buffer");
}

/** HKDF with up to three blocks of output, as separate buffers. */
function deriveSecrets(input: Uint8Array, salt: Uint8Array, info: Uint8Array, chunks = 3): Buffer[] {
  const key = hmac(salt, input);
  const blocks: Buffer[] = [];
  for (let index = 1; index <= chunks; index++) {
    blocks.push(hmac(key, Buffer.concat([blocks.at(-1) ?? Buffer.alloc(0), info, Buffer.from([index])])));
  }
  return blocks;
}

function verifyMAC(data: Uint8Array, key: Uint8Array, mac: Uint8Array, length: number): void {
  const expected = hmac(key, data).subarray(0, length);
  if (mac.length !== length || !timingSafeEqual(mac, expected)) throw new Error("Bad MAC");
}

function encrypt(key: Uint8Array, data: Uint8Array, iv: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-256-cbc", createSecretKey(key), iv);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

function decrypt(key: Uint8Array, data: Uint8Array, iv: Uint8Array): Buffer {
  const decipher = createDecipheriv("aes-256-cbc", createSecretKey(key), iv);
  return Buffer.concat([decipher.update(data), decipher.final()]);
}

function calculateAgreement(publicKey: Uint8Array, privateKey: Uint8Array): Buffer {
  return sharedSecret(privateKey, publicKey);
}

function generateTypedKeyPair(): { pubKey: Buffer; privKey: Buffer } {
  const pair = generateKeyPair();
  return { pubKey: Buffer.concat([KEY_TYPE, pair.public]), privKey: pair.private };
}
