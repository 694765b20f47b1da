import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { CredentialsUnreadable } from "../../ports.ts";
import { parseCredentialsKey } from "./credentials-key.ts";
import { createSessionSealer } from "./sealer.ts";

const aKey = () => parseCredentialsKey(randomBytes(32).toString("base64"));

describe("a sealed row", () => {
  const key = aKey();
  const sealer = createSessionSealer(key, "tenant", "session");
  const sealed = sealer.seal("session", "1.0", "the secret ümlaut");

  it("opens under its own name", () => {
    expect(sealer.unseal("session", "1.0", sealed)).toBe("the secret ümlaut");
    expect(createSessionSealer(key, "tenant", "session").unseal("session", "1.0", sealed)).toBe("the secret ümlaut");
  });

  it("never looks the same twice", () => {
    expect(sealer.seal("session", "1.0", "the secret ümlaut")).not.toBe(sealed);
  });

  it("is rejected when any one byte is changed", () => {
    const envelope = Buffer.from(sealed, "base64");
    for (let at = 0; at < envelope.length; at++) {
      const changed = Buffer.from(envelope);
      changed[at]! ^= 0x01;
      expect(() => sealer.unseal("session", "1.0", changed.toString("base64"))).toThrow(CredentialsUnreadable);
    }
  });

  it("is rejected when it is cut short or empty", () => {
    for (const text of ["", sealed.slice(0, 20), sealed.slice(0, -4)]) {
      expect(() => sealer.unseal("session", "1.0", text)).toThrow(CredentialsUnreadable);
    }
  });

  it("is rejected in another row, another session and another tenant", () => {
    expect(() => sealer.unseal("session", "1.1", sealed)).toThrow(CredentialsUnreadable);
    expect(() => sealer.unseal("sender-key", "1.0", sealed)).toThrow(CredentialsUnreadable);
    expect(() => createSessionSealer(key, "tenant", "other").unseal("session", "1.0", sealed)).toThrow(
      CredentialsUnreadable,
    );
    expect(() => createSessionSealer(key, "other", "session").unseal("session", "1.0", sealed)).toThrow(
      CredentialsUnreadable,
    );
  });

  it("names another key as the reason", () => {
    const other = createSessionSealer(aKey(), "tenant", "session");
    expect(() => other.unseal("session", "1.0", sealed)).toThrow(/another CREDENTIALS_KEY/);
  });
});

it.each([
  "",
  "short",
  randomBytes(31).toString("base64"),
  randomBytes(33).toString("base64"),
  "not base64 at all, but long enough it is",
])("refuses %j as a key without repeating it", (text) => {
  expect(() => parseCredentialsKey(text)).toThrow(/32 bytes in base64/);
});
