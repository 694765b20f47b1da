import { expect, test } from "vitest";
import { readAck, retryDelayMs } from "./ack-outcome.ts";

test.each([
  [null, { kind: "sent" }],
  ["463", { kind: "failed", failure: { code: "reachout_locked", retryable: false } }],
  ["479", { kind: "fresh_devices" }],
  ["400", { kind: "failed", failure: { code: "server_rejected", retryable: false } }],
  ["503", { kind: "later" }],
  ["429", { kind: "later" }],
  ["nonsense", { kind: "failed", failure: { code: "server_rejected" } }],
])("an ack with error %s", (error, outcome) => {
  expect(readAck(error, false)).toMatchObject(outcome);
});

test("devices are asked for anew once", () => {
  const again = readAck("479", true);
  expect(again).toMatchObject({ kind: "failed", failure: { code: "server_rejected", retryable: true } });
});

test("passing trouble waits longer each time, within a fifth, and ends after five tries", () => {
  expect([1, 2, 3, 4].map((attempts) => retryDelayMs(attempts, 0.5))).toEqual([2_000, 4_000, 8_000, 16_000]);
  expect(retryDelayMs(1, 0)).toBeCloseTo(1_600);
  expect(retryDelayMs(1, 0.999)).toBeLessThan(2_400);
  expect(retryDelayMs(5, 0.5)).toBeNull();
});
