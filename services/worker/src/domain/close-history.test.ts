import { expect, test } from "vitest";
import type { CloseCause } from "../ports.ts";
import { type CloseCounts, countClose, noCloses } from "./close-history.ts";

const lost: CloseCause = { kind: "link_lost", code: 428, detail: "" };

function closes(causes: [CloseCause, openMs: number, atMs: number][]): CloseCounts {
  let counts = noCloses;
  for (const [cause, openMs, atMs] of causes) counts = countClose(counts, cause, openMs, atMs);
  return counts;
}

test("losses of the last ten minutes are counted, older ones are not", () => {
  expect(
    closes([
      [lost, 0, 0],
      [lost, 0, 1_000],
      [lost, 0, 600_500],
    ]).recentLosses,
  ).toBe(2);
});

test("a link that stood for a minute ends every row of failures", () => {
  const replaced: CloseCause = { kind: "replaced" };
  expect(
    closes([
      [replaced, 10, 0],
      [replaced, 10, 1],
    ]).conflicts,
  ).toBe(2);
  expect(
    closes([
      [replaced, 10, 0],
      [replaced, 60_000, 1],
    ]).conflicts,
  ).toBe(1);
});

test("a login ends a row of restarts, another cause does too", () => {
  const restart: CloseCause = { kind: "restart_required" };
  expect(
    closes([
      [restart, 0, 0],
      [restart, 0, 1],
      [restart, 0, 2],
    ]).restarts,
  ).toBe(3);
  expect(
    closes([
      [restart, 0, 0],
      [restart, 500, 1],
    ]).restarts,
  ).toBe(1);
  expect(
    closes([
      [restart, 0, 0],
      [lost, 0, 1],
    ]).restarts,
  ).toBe(0);
});
