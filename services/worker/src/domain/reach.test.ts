import { describe, expect, test } from "vitest";
import { judgeReach, reachable, type ReachSigns, type ReachState } from "./reach.ts";

const cutOff: ReachSigns = { wanted: 3, links: 0, linksElsewhere: 5 };
/** Looks once a second from `from` to `to`, both in seconds. */
function watch(state: ReachState, signs: ReachSigns, from: number, to: number): ReachState {
  let next = state;
  for (let second = from; second <= to; second++) next = judgeReach(next, signs, second * 1_000);
  return next;
}

describe("a worker whose sessions all lack a link", () => {
  test("steps back after a minute when others have links", () => {
    expect(watch(reachable, cutOff, 0, 59).shyUntilMs).toBeNull();
    expect(watch(reachable, cutOff, 0, 60).shyUntilMs).toBe(120_000);
  });

  test.each<[string, Partial<ReachSigns>]>([
    ["nobody has links", { linksElsewhere: 0 }],
    ["none of them is to have one", { wanted: 0 }],
    ["one of them has its link", { links: 1 }],
  ])("stays when %s", (_, change) => {
    expect(watch(reachable, { ...cutOff, ...change }, 0, 600).shyUntilMs).toBeNull();
  });

  test("counts the minute anew when a link came between", () => {
    const before = watch(reachable, cutOff, 0, 50);
    const between = judgeReach(before, { ...cutOff, links: 1 }, 51_000);
    expect(watch(between, cutOff, 52, 111).shyUntilMs).toBeNull();
    expect(watch(between, cutOff, 52, 112).shyUntilMs).not.toBeNull();
  });
});

test("stepping back ends by itself, lasts longer each time, and a link makes everything good", () => {
  const first = watch(reachable, cutOff, 0, 60);
  const nothing = { ...cutOff, wanted: 0 };
  const back = watch(first, nothing, 61, 120);
  expect(back).toMatchObject({ shyUntilMs: null, steps: 1 });
  const second = watch(back, cutOff, 121, 181);
  expect(second.shyUntilMs).toBe(301_000);
  expect(judgeReach(second, { ...cutOff, links: 1 }, 182_000)).toEqual(reachable);
});
