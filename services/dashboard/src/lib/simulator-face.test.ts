import { expect, test } from "vitest";
import { simulatorFace } from "./simulator-face.ts";

test("a code is handed over as it is, whatever is in it", () => {
  const address = new URL(simulatorFace("15550001111", "2@a+b/c==,d&e,#f"), "http://dashboard");
  expect(address.pathname).toBe("/sim/face/");
  expect(Object.fromEntries(address.searchParams)).toEqual({ phone: "15550001111", scan: "2@a+b/c==,d&e,#f" });
});

test("without a code only the phone is named", () => {
  expect(simulatorFace("15550001111")).toBe("/sim/face/?phone=15550001111");
});
