import { createCipheriv, createDecipheriv, createHmac, createSecretKey, randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { wrapRawKeys } from "./wrap-raw-keys.ts";

it("computes what it computed before, from bytes, texts and key objects", () => {
  const [key, data, iv] = [randomBytes(32), randomBytes(300), randomBytes(16)];
  const compute = () => ({
    hmacs: [key, new Uint8Array(key), createSecretKey(key), key.toString("hex"), Buffer.alloc(0)].map((each) =>
      createHmac("sha256", each).update(data).digest("hex"),
    ),
    block: encrypt("aes-256-cbc", iv),
    counter: encrypt("aes-256-ctr", iv),
  });
  const encrypt = (algorithm: string, vector: Buffer): string => {
    const cipher = createCipheriv(algorithm, key, vector);
    return Buffer.concat([cipher.update(data), cipher.final()]).toString("hex");
  };

  const tooShort = () => createCipheriv("aes-256-cbc", randomBytes(7), iv);
  const before = compute();
  expect(tooShort).toThrow("Invalid key length");
  wrapRawKeys();
  wrapRawKeys();
  expect(compute()).toEqual(before);
  expect(tooShort).toThrow("Invalid key length");
  expect(before.hmacs.slice(0, 3)).toEqual(Array(3).fill(before.hmacs[0]));
});

it("seals and opens with a tag, and notices damage", () => {
  wrapRawKeys();
  const [key, iv] = [randomBytes(32), randomBytes(12)];
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: 16 }).setAAD(Buffer.from("whose"));
  const sealed = Buffer.concat([cipher.update("text"), cipher.final()]);
  const open = (bytes: Buffer): string => {
    const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: 16 }).setAAD(Buffer.from("whose"));
    decipher.setAuthTag(cipher.getAuthTag());
    return Buffer.concat([decipher.update(bytes), decipher.final()]).toString();
  };
  expect(open(sealed)).toBe("text");
  sealed[0]! ^= 1;
  expect(() => open(sealed)).toThrow("unable to authenticate");
});
