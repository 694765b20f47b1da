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
const RAW = 12;
const P = 2n ** 255n - 19n;

const privateObject = (prefix: Buffer, raw: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([prefix, raw]), format: "der", type: "pkcs8" });
const publicObject = (prefix: Buffer, raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([prefix, raw]), format: "der", type: "spki" });
const rawPublic = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: "der", type: "spki" }).subarray(RAW);

/** 32 bytes that depend only on the secret and the label. */
export function deriveBytes(secret: Uint8Array, label: string): Buffer {
  return createHmac("sha256", secret).update(label).digest();
}

/** The same pair for the same secret and label, so what can be derived need not be stored. About 0.1 ms. */
export function deriveKeyPair(secret: Uint8Array, label: string): KeyPair {
  const scalar = clamp(deriveBytes(secret, label));
  return { private: scalar, public: rawPublic(privateObject(X25519_PRIVATE, scalar)) };
}

/** A fresh random pair. */
export function generateKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync("x25519");
  const der = privateKey.export({ format: "der", type: "pkcs8" });
  return { private: der.subarray(der.length - 32), public: rawPublic(privateKey) };
}

/**
 * A derived identity that signs natively.
 *
 * XEdDSA in JavaScript costs about 10 ms a signature, which would make every new contact slow. Taken the other way
 * round it is free: from an Ed25519 seed follow both the Ed25519 key and the Curve25519 key with the same scalar, and
 * an Ed25519 signature that carries the sign of its public key in the unused top bit is a valid XEdDSA signature.
 * About 0.3 ms to make, 0.05 ms to sign.
 */
export function deriveIdentity(secret: Uint8Array, label: string): Identity {
  const seed = deriveBytes(secret, label);
  const scalar = clamp(createHash("sha512").update(seed).digest().subarray(0, 32));
  const signingKey = privateObject(ED25519_PRIVATE, seed);
  let signBit: number | undefined;
  return {
    private: scalar,
    public: rawPublic(privateObject(X25519_PRIVATE, scalar)),
    sign(message) {
      signBit ??= (rawPublic(signingKey)[31] ?? 0) & 0x80;
      const signature = signNative(null, message, signingKey);
      signature[63] = (signature[63] ?? 0) | signBit;
      return signature;
    },
  };
}

/** True when `signature` (64 bytes, XEdDSA) over `message` was made with the private half of `publicKey`; never throws. */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const u = littleEndian(publicKey) & ((1n << 255n) - 1n);
  const denominator = (u + 1n) % P;
  if (denominator === 0n) return false;
  const y = (((u - 1n + P) % P) * modPow(denominator, P - 2n)) % P;
  const edwards = toLittleEndian(y);
  edwards[31] = (edwards[31] ?? 0) | ((signature[63] ?? 0) & 0x80);
  const plain = Buffer.from(signature);
  plain[63] = (plain[63] ?? 0) & 0x7f;
  try {
    return verifyNative(null, message, publicObject(ED25519_PUBLIC, edwards), plain);
  } catch {
    return false; // not a point on the curve: nobody can have signed with it
  }
}

/** X25519. Throws when the public key is not 32 bytes or of low order. */
export function sharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Buffer {
  return diffieHellman({
    privateKey: privateObject(X25519_PRIVATE, privateKey),
    publicKey: publicObject(X25519_PUBLIC, publicKey),
  });
}

function clamp(bytes: Buffer): Buffer {
  const scalar = Buffer.from(bytes);
  scalar[0] = (scalar[0] ?? 0) & 248;
  scalar[31] = ((scalar[31] ?? 0) & 127) | 64;
  return scalar;
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

function toLittleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
}

function modPow(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % P;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}
