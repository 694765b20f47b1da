import { randomBytes } from "node:crypto";
import { Curve } from "@whiskeysockets/baileys";
import { describe, expect, it } from "vitest";
import { verifySignature } from "./verify-signature.ts";

describe("an XEdDSA signature", () => {
  const cases = Array.from({ length: 20 }, () => {
    const { private: secret, public: publicKey } = Curve.generateKeyPair();
    const message = randomBytes(1 + Math.floor(Math.random() * 200));
    return { publicKey: Buffer.from(publicKey), message, signature: Buffer.from(Curve.sign(secret, message)) };
  });

  it("is accepted under its key, with and without the type byte", () => {
    for (const { publicKey, message, signature } of cases) {
      expect(verifySignature(publicKey, message, signature)).toBe(true);
      expect(verifySignature(Buffer.concat([Buffer.of(5), publicKey]), message, signature)).toBe(true);
    }
  });

  it("is rejected under another key, over another message, and with any byte changed", () => {
    for (const [index, { publicKey, message, signature }] of cases.entries()) {
      const other = cases[(index + 1) % cases.length]!;
      expect(verifySignature(other.publicKey, message, signature)).toBe(false);
      expect(verifySignature(publicKey, other.message, signature)).toBe(false);
    }
    const { publicKey, message, signature } = cases[0]!;
    for (let at = 0; at < 64; at++) {
      const changed = Buffer.from(signature);
      changed[at]! ^= 1;
      expect(verifySignature(publicKey, message, changed)).toBe(false);
    }
  });

  it("is rejected without an error when sizes are wrong or bytes are random", () => {
    expect(verifySignature(randomBytes(31), Buffer.of(1), randomBytes(64))).toBe(false);
    expect(verifySignature(randomBytes(32), Buffer.of(1), randomBytes(63))).toBe(false);
    for (let n = 0; n < 20; n++) expect(verifySignature(randomBytes(32), Buffer.of(1), randomBytes(64))).toBe(false);
  });
});
