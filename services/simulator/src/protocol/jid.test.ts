import { describe, expect, it } from "vitest";
import { isPhone, lidOf, personJid, phoneOfLid, tryParsePersonJid } from "./jid.ts";

const phones = ["1555000", "15550001111", "999000000000001", "491701234567", "100000000000000", "999999999999999"];

describe("hidden ids", () => {
  it.each(phones)("lead back from the LID of %s to the number", (phone) => {
    expect(lidOf(phone)).toMatch(/^1\d{15}$/);
    expect(phoneOfLid(lidOf(phone))).toBe(phone);
  });

  it("are different for neighbouring numbers", () => {
    const lids = Array.from({ length: 10_000 }, (_, index) => lidOf(String(15_550_000_000 + index)));
    expect(new Set(lids).size).toBe(10_000);
  });

  it("belong to nobody when they are malformed", () => {
    expect(phoneOfLid("123")).toBeUndefined();
    expect(phoneOfLid(`0${"0".repeat(15)}`)).toBeUndefined();
  });
});

describe("tryParsePersonJid", () => {
  it.each([
    ["15550001111@s.whatsapp.net", { kind: "pn", phone: "15550001111", device: 0 }],
    ["15550001111:12@s.whatsapp.net", { kind: "pn", phone: "15550001111", device: 12 }],
    [personJid("15550001111", "lid", 3), { kind: "lid", phone: "15550001111", device: 3 }],
    ["15550001111@c.us", { kind: "pn", phone: "15550001111", device: 0 }],
    ["120363000000000000@g.us", undefined],
    ["@s.whatsapp.net", undefined],
    ["0@s.whatsapp.net", undefined],
    ["5@lid", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("reads %s", (jid, expected) => {
    expect(tryParsePersonJid(jid)).toEqual(expected);
  });

  it("knows an international number", () => {
    expect(["15550001111", "1555000"].every(isPhone)).toBe(true);
    expect(["+15550001111", "01555000111", "123456", "1234567890123456"].some(isPhone)).toBe(false);
  });
});
