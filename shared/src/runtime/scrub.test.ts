import { describe, expect, it } from "vitest";
import { scrub } from "./scrub.ts";

const key = Buffer.alloc(33, 7).toString("base64");

describe("scrub", () => {
  it.each([
    ["a JWT", "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln end", "token [token] end"],
    ["a secret key", "key sb_secret_abcDEF-123", "key sb_secret_[cut]"],
    ["an API key", "key flo_live_abcdefgh12345678", "key flo_live_[cut]"],
    ["a webhook secret", "whsec_abcdef", "whsec_[cut]"],
    ["a phone number", "to +491701234567.", "to +49…67."],
    ["a personal JID", "491701234567@s.whatsapp.net", "49…67@s.whatsapp.net"],
    ["a device JID", "491701234567:12@s.whatsapp.net", "49…12@s.whatsapp.net"],
    ["a hidden id", "123456789012345@lid", "12…45@lid"],
    ["a QR text", `qr 2@${key},${key},${key},${key} shown`, "qr [qr] shown"],
    ["a QR address", `https://wa.me/settings/linked_devices#2@${key},${key},${key}`, "[qr]"],
    [
      "long base64",
      `blob ${Buffer.from("The quick brown fox jumps over 13 lazy dogs, twice: 1 2 3 4 5").toString("base64")}`,
      "blob [base64]",
    ],
  ])("hides %s", (_, text, expected) => {
    expect(scrub(text)).toBe(expected);
  });

  it.each([
    ["a group JID", "120363041234567890@g.us"],
    ["a time", '{"time":"2026-01-01T00:00:00.000Z","ms":1767225600000}'],
    ["an id", "0198c0de-7a00-7000-8000-000000000000"],
    ["a checksum in hex", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
  ])("leaves %s alone", (_, text) => {
    expect(scrub(text)).toBe(text);
  });

  it("keeps a JSON line valid", () => {
    const line = JSON.stringify({ a: "+491701234567", b: `2@${key},${key},${key}`, c: 'say "eyJhbGciOiJIUzI1NiJ9"' });
    expect(JSON.parse(scrub(line))).toEqual({ a: "+49…67", b: "[qr]", c: 'say "[token]"' });
  });
});
