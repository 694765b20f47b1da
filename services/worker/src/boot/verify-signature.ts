import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { LRUCache } from "lru-cache";

const PRIME = 2n ** 255n - 19n;
/** DER prefix of an Ed25519 public key (RFC 8410); the 32 bytes of the key follow. */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** Mapping a key costs more than verifying with it; peers' keys come again and again. */
const mapped = new LRUCache<string, KeyObject>({ max: 5_000 });

/**
 * Verifies an XEdDSA signature (Signal's signatures made with X25519 keys) with the native Ed25519 code: the Montgomery
 * u-coordinate of the public key becomes the Edwards y = (u − 1)/(u + 1), the sign of x rides in the top bit of the
 * signature's last byte.
 *
 * @param publicKey 32 bytes, or 33 with the leading type byte 5
 * @returns false for a wrong signature and for input of the wrong size; never throws
 */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const u = publicKey.length === 33 && publicKey[0] === 5 ? publicKey.subarray(1) : publicKey;
  if (u.length !== 32 || signature.length !== 64) return false;
  const edSignature = Buffer.from(signature);
  const signBit = edSignature[63]! & 0x80;
  edSignature[63]! &= 0x7f;
  try {
    return verify(null, message, edwardsKey(u, signBit), edSignature);
  } catch {
    // A point that is not on the curve: nobody can have signed with it.
    return false;
  }
}

function edwardsKey(u: Uint8Array, signBit: number): KeyObject {
  const name = `${signBit}${Buffer.from(u).toString("base64")}`;
  const known = mapped.get(name);
  if (known) return known;
  const x = littleEndianToNumber(u) & (2n ** 255n - 1n);
  const y = (modulo(x - 1n) * power(modulo(x + 1n), PRIME - 2n)) % PRIME;
  const point = numberToLittleEndian(y);
  point[31]! |= signBit;
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, point]), format: "der", type: "spki" });
  mapped.set(name, key);
  return key;
}

function modulo(value: bigint): bigint {
  const rest = value % PRIME;
  return rest < 0n ? rest + PRIME : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % PRIME;
    square = (square * square) % PRIME;
  }
  return result;
}

function littleEndianToNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

function numberToLittleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
}
