import { expect, test } from "vitest";
import { nextDial } from "./dial-pace.ts";

test("a dial after a quiet time begins at once", () => {
  expect(nextDial(0, 5_000, 20)).toEqual({ atMs: 5_000, freeAtMs: 5_050 });
});

test("dials asked for together are spread to the rate, without a burst", () => {
  let freeAtMs = 0;
  const at = Array.from({ length: 60 }, () => {
    const turn = nextDial(freeAtMs, 1_000, 20);
    ({ freeAtMs } = turn);
    return turn.atMs;
  });
  for (const from of at)
    expect(at.filter((each) => each >= from && each < from + 1_000).length).toBeLessThanOrEqual(20);
  expect(at.at(-1)).toBe(1_000 + 59 * 50);
});
