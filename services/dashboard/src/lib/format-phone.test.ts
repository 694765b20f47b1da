import { expect, test } from "vitest";
import { formatPhone } from "./format-phone.ts";

test.each([
  ["+5511955550142", "+55 11 95555 0142"],
  ["551155550142", "+55 115 555 0142"],
  ["12025550123", "+1 202 555 0123"],
  ["351912345678", "+351 91234 5678"],
  ["+4915112345678", "+49 15 11234 5678"],
  ["12345", "12345"],
])("%s is shown as %s", (phone, shown) => {
  expect(formatPhone(phone)).toBe(shown);
});

test("grouping never changes a digit", () => {
  for (const phone of ["7999123456789", "999012345678901", "8613912345678"]) {
    expect(formatPhone(phone).replaceAll(/\D/g, "")).toBe(phone);
  }
});
