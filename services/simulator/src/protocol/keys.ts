import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  sign as signNative,
  verify as verifyNative,
} from "node:crypto";
import { edwardsFromMontgomery } from "./xeddsa.ts";

/** A Curve25519 pair as the wire carries it: 32 raw bytes each, without the 0x05 type byte. */
export interface KeyPair {
  readonly public: Buffer;
  readonly private: Buffer;
}

/** A pair that can also sign (identity keys, certificate issuers). */
export interface Identity extends KeyPair {
  /** 64-byte XEdDSA-compatible signature of `message`. */
  sign(message: Uint8Array): Buffer;
}

const X25519_PRIVATE = Buffer.from("302e020100300506032b656e04220420", "hex");
const X25519_PUBLIC = Buffer.from("302a300506032b656e032100", "hex");
const ED25519_PRIVATE = Buffer.from("302e020100300506032b657004220420", "hex");
const ED25519_PUBLIC = Buffer.from("302a300506032b6570032100", "hex");

// Parsing a key takes longer than using it (100 µs against 60), so parsed keys live as long as their bytes do.
const parsedPrivate = new WeakMap<Uint8Array, KeyObject>();
const parsedPublic = new WeakMap<Uint8Array, KeyObject>();

/** 32 bytes that depend only on the secret and the label. */
export function deriveBytes(secret: Uint8Array, label: string): Buffer {
  return createHmac("sha256", secret).update(label).digest();
}

/** The same pair for the same secret and label, so what can be derived need not be stored. About 0.15 ms. */
export function deriveKeyPair(secret: Uint8Array, label: string): KeyPair {
  return pairOf(clamp(deriveBytes(secret, label)));
}

/** A fresh random pair. */
export function generateKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync("x25519");
  const { d = "", x = "" } = privateKey.export({ format: "jwk" });
  const scalar = Buffer.from(d, "base64url");
  parsedPrivate.set(scalar, privateKey);
  return { private: scalar, public: Buffer.from(x, "base64url") };
}

/**
 * A derived identity that signs natively.
 *
 * XEdDSA in JavaScript costs about 10 ms a signature, which would make every new contact slow. Taken the other way
 * round it is nearly free: from an Ed25519 seed follow both the Ed25519 key and the Curve25519 key with the same
 * scalar, and an Ed25519 signature that carries the sign of its public key in the unused top bit is a valid XEdDSA
 * signature. About 0.3 ms to make, 0.05 ms to sign.
 */
export function deriveIdentity(secret: Uint8Array, label: string): Identity {
  const seed = deriveBytes(secret, label);
  const pair = pairOf(clamp(createHash("sha512").update(seed).digest().subarray(0, 32)));
  let signer: { key: KeyObject; signBit: number } | undefined;
  return {
    ...pair,
    sign(message) {
      signer ??= signerOf(seed);
      const signature = signNative(null, message, signer.key);
      signature[63] = (signature[63] ?? 0) | signer.signBit;
      return signature;
    },
  };
}

/** True when `signature` (64 bytes, XEdDSA) over `message` was made with the private half of `publicKey`; never throws. */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const edwards = edwardsFromMontgomery(publicKey, ((signature[63] ?? 0) & 0x80) !== 0);
  if (!edwards) return false;
  const plain = Buffer.from(signature);
  plain[63] = (plain[63] ?? 0) & 0x7f;
  try {
    return verifyNative(null, message, publicObject(ED25519_PUBLIC, edwards), plain);
  } catch {
    return false; // not a point on the curve: nobody can have signed with it
  }
}

/**
 * X25519. Both keys 32 raw bytes; the public one may carry the type byte in front.
 * Throws when the public key has another length or is of low order.
 */
export function sharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Buffer {
  const raw = publicKey.length === 33 ? publicKey.subarray(1) : publicKey;
  if (raw.length !== 32) throw new Error("a public key has 32 bytes");
  const parsed = {
    privateKey: parsedPrivate.get(privateKey) ?? privateObject(X25519_PRIVATE, privateKey),
    publicKey: parsedPublic.get(publicKey) ?? publicObject(X25519_PUBLIC, raw),
  };
  parsedPrivate.set(privateKey, parsed.privateKey);
  parsedPublic.set(publicKey, parsed.publicKey);
  return diffieHellman(parsed);
}

function pairOf(scalar: Buffer): KeyPair {
  const key = privateObject(X25519_PRIVATE, scalar);
  parsedPrivate.set(scalar, key);
  return { private: scalar, public: rawPublic(key) };
}

function signerOf(seed: Buffer): { key: KeyObject; signBit: number } {
  const key = privateObject(ED25519_PRIVATE, seed);
  return { key, signBit: (rawPublic(key)[31] ?? 0) & 0x80 };
}

function privateObject(prefix: Buffer, raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([prefix, raw]), format: "der", type: "pkcs8" });
}

function publicObject(prefix: Buffer, raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([prefix, raw]), format: "der", type: "spki" });
}

// As JWK: exporting DER and cutting it is slower.
function rawPublic(key: KeyObject): Buffer {
  return Buffer.from(createPublicKey(key).export({ format: "jwk" }).x ?? "", "base64url");
}

function clamp(bytes: Buffer): Buffer {
  const scalar = Buffer.from(bytes);
  scalar[0] = (scalar[0] ?? 0) & 248;
  scalar[31] = ((scalar[31] ?? 0) & 127) | 64;
  return scalar;
}
