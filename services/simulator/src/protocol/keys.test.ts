import signalCurve from "libsignal/src/curve.js";
import { describe, expect, it } from "vitest";
import { deriveIdentity, deriveKeyPair, generateKeyPair, sharedSecret, verifySignature } from "./keys.ts";

const secret = Buffer.alloc(32, 1);
const typed = (key: Buffer): Buffer => Buffer.concat([Buffer.from([5]), key]);

describe("derived identities", () => {
  it("sign what both the signal library and we accept, whichever sign their key has", () => {
    for (let number = 0; number < 8; number++) {
      const identity = deriveIdentity(secret, `identity ${number}`);
      const message = Buffer.from(`message ${number}`);
      const signature = identity.sign(message);
      expect(signalCurve.verifySignature(typed(identity.public), message, signature)).toBe(true);
      expect(verifySignature(identity.public, message, signature)).toBe(true);
    }
  });

  it("are the same for the same label, and different for another", () => {
    expect(deriveIdentity(secret, "a").public).toEqual(deriveIdentity(secret, "a").public);
    expect(deriveIdentity(secret, "a").public).not.toEqual(deriveIdentity(secret, "b").public);
  });
});

describe("verifySignature", () => {
  const pair = generateKeyPair();
  const message = Buffer.from("hello");
  const signature = Buffer.from(signalCurve.calculateSignature(pair.private, message));

  it("accepts what the signal library signs", () => {
    expect(verifySignature(pair.public, message, signature)).toBe(true);
  });

  it.each([
    ["another message", pair.public, Buffer.from("hullo"), signature],
    ["another key", generateKeyPair().public, message, signature],
    ["a changed signature", pair.public, message, Buffer.from(signature).fill(7, 3, 4)],
    ["a short signature", pair.public, message, signature.subarray(1)],
    ["a short key", pair.public.subarray(1), message, signature],
    [
      "the key that has no twin",
      Buffer.concat([Buffer.from([0xec]), Buffer.alloc(30, 0xff), Buffer.from([0x7f])]),
      message,
      signature,
    ],
  ])("refuses %s", (_what, key, text, signed) => {
    expect(verifySignature(key, text, signed)).toBe(false);
  });
});

describe("sharedSecret", () => {
  it("is the same from both sides, with and without the type byte", () => {
    const [a, b] = [deriveKeyPair(secret, "a"), generateKeyPair()];
    expect(sharedSecret(a.private, b.public)).toEqual(sharedSecret(b.private, typed(a.public)));
  });

  it("refuses a key of the wrong length", () => {
    expect(() => sharedSecret(generateKeyPair().private, Buffer.alloc(31))).toThrow("32 bytes");
  });
});
