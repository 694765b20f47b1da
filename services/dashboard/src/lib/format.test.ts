import { expect, test } from "vitest";
import { formatAgo, formatDuration, formatShare, formatUtc, partyName } from "./format.ts";

const now = Date.parse("2026-03-01T10:00:00.000Z");
const before = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

test.each([
  [-5, "just now"],
  [44, "just now"],
  [46, "1 min ago"],
  [3599, "60 min ago"],
  [3600, "1 h ago"],
  [86_400, "yesterday"],
  [86_400 * 3, "3 days ago"],
])("%i seconds ago reads %s", (seconds, words) => {
  expect(formatAgo(before(seconds), now)).toBe(words);
});

test.each([
  [-1, "0:00"],
  [9_000, "0:09"],
  [754_000, "12:34"],
  [3_723_000, "1:02:03"],
])("%i ms lasts %s", (milliseconds, words) => {
  expect(formatDuration(milliseconds)).toBe(words);
});

test.each([
  [0, 0, "0 %"],
  [999, 1000, "99 %"],
  [1000, 1000, "100 %"],
  [1, 3, "33 %"],
])("%i of %i is %s", (part, whole, words) => {
  expect(formatShare(part, whole)).toBe(words);
});

test("a moment is given in UTC to the second", () => {
  expect(formatUtc("2026-03-01T11:00:00.000+01:00")).toBe("2026-03-01 10:00:00 UTC");
});

test("a person is called by name, else by number, else by address", () => {
  const jid = "123@lid";
  expect(partyName({ display_name: "Ana", phone: "+5511987650011", jid })).toBe("Ana");
  expect(partyName({ display_name: null, phone: "+5511987650011", jid })).toBe("+55 11 98765 0011");
  expect(partyName({ display_name: null, phone: null, jid })).toBe("123@lid");
});
