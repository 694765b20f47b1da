import { expect, test } from "vitest";
import { firstTurn, nextTurn } from "./lane-turns.ts";

function serve(lanes: { lane: number; weight: number; rows: number }[], turns: number): number[] {
  const served: number[] = [];
  let state = firstTurn;
  for (let turn = 0; turn < turns; turn++) {
    const chosen = nextTurn(
      state,
      lanes.filter(({ rows }) => rows > 0),
    );
    if (chosen === null) break;
    state = chosen.state;
    served.push(chosen.lane);
    lanes.find(({ lane }) => lane === chosen.lane)!.rows--;
  }
  return served;
}

test("lanes share in proportion to their weights", () => {
  const served = serve(
    [
      { lane: 0, weight: 8, rows: 1_000 },
      { lane: 3, weight: 1, rows: 1_000 },
      { lane: 9, weight: 1, rows: 1_000 },
    ],
    1_000,
  );
  expect(served.filter((lane) => lane === 0)).toHaveLength(800);
  expect(served.filter((lane) => lane === 9)).toHaveLength(100);
});

test("ten interactive messages behind a million campaign rows go within the next turns", () => {
  const served = serve(
    [
      { lane: 5, weight: 1, rows: 1_000_000 },
      { lane: 0, weight: 8, rows: 10 },
    ],
    13,
  );
  expect(served.filter((lane) => lane === 0)).toHaveLength(10);
});

test("a lane alone is served without a pause, and no lane means no turn", () => {
  expect(serve([{ lane: 4, weight: 1, rows: 3 }], 10)).toEqual([4, 4, 4]);
  expect(nextTurn(firstTurn, [])).toBeNull();
});
