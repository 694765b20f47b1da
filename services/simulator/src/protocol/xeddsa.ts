const P = 2n ** 255n - 19n;

/**
 * The Ed25519 public key (32 bytes) that belongs to a Curve25519 public key and the sign of its x coordinate:
 * y = (u − 1) / (u + 1). Undefined for the one u that has none.
 */
export function edwardsFromMontgomery(publicKey: Uint8Array, negative: boolean): Buffer | undefined {
  const u = fromLittleEndian(publicKey) & ((1n << 255n) - 1n);
  const denominator = (u + 1n) % P;
  if (denominator === 0n) return undefined;
  const y = (((u - 1n + P) % P) * modPow(denominator, P - 2n)) % P;
  const edwards = Buffer.from(y.toString(16).padStart(64, "0"), "hex").reverse();
  if (negative) edwards[31] = (edwards[31] ?? 0) | 0x80;
  return edwards;
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
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
