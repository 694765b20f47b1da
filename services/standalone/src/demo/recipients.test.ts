import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { recipientLines, usualMix } from "./recipients.ts";

const csv = (lines: number, seed: number) => [...recipientLines(usualMix(lines, seed))].join("");

test("the shipped file is what the generator makes of seed 42", () => {
  const shipped = readFileSync(new URL("../../demo/recipients.csv", import.meta.url), "utf8");
  expect(shipped).toBe(csv(1000, 42));
});

test("a thousand lines hold 985 good numbers, 12 again in another spelling, and 3 that cannot be sent to", () => {
  const lines = csv(1000, 7).trimEnd().split("\n").slice(1);
  expect(lines).toHaveLength(1000);
  const cells = lines.map((line) => line.split(","));
  const sendable = cells.filter(([to, name]) => /^\+[\d -]+$/.test(to ?? "") && name !== "");
  const digits = sendable.map(([to]) => (to ?? "").replace(/\D/g, ""));
  expect(digits).toHaveLength(997);
  expect(new Set(digits).size).toBe(985);
});

test("another seed makes another list, the same seed the same", () => {
  expect(csv(50, 1)).toBe(csv(50, 1));
  expect(csv(50, 1)).not.toBe(csv(50, 2));
});

test("a single line is a good one", () => {
  expect(csv(1, 3).trimEnd().split("\n")[1]).toMatch(/^\+999500000000,/);
});
