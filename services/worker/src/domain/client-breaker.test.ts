import { expect, test } from "vitest";
import { askToDial, breakerRules, closedBreaker, countRefusal } from "./client-breaker.ts";

const refuse = (sessions: [string, number][]) =>
  sessions.reduce((state, [id, atMs]) => countRefusal(state, id, "client_outdated", atMs), closedBreaker);

test("three sessions within a minute stop the dialling", () => {
  const open = refuse([
    ["a", 0],
    ["b", 10_000],
    ["c", 59_000],
  ]);
  expect(open.open).toMatchObject({ reason: "client_outdated" });
  expect(askToDial(open, 59_001).may).toBe(false);
});

test.each<[string, [string, number][]]>([
  [
    "two sessions",
    [
      ["a", 0],
      ["b", 1],
    ],
  ],
  [
    "one session, however often",
    [
      ["a", 0],
      ["a", 1],
      ["a", 2],
      ["a", 3],
    ],
  ],
  [
    "three over a longer time",
    [
      ["a", 0],
      ["b", 30_000],
      ["c", 61_000],
    ],
  ],
])("%s do not", (_, sessions) => {
  expect(askToDial(refuse(sessions), 61_001).may).toBe(true);
});

test("one probe is let through every ten minutes", () => {
  const open = refuse([
    ["a", 0],
    ["b", 0],
    ["c", 0],
  ]);
  const due = breakerRules.probeEveryMs;
  expect(askToDial(open, due - 1).may).toBe(false);
  const probed = askToDial(open, due);
  expect(probed.may).toBe(true);
  expect(askToDial(probed.after, due + 1).may).toBe(false);
  // The probe was refused as well: the next one is ten minutes after it.
  const refused = countRefusal(probed.after, "a", "client_outdated", due + 100);
  expect(askToDial(refused, 2 * due - 1).may).toBe(false);
  expect(askToDial(refused, 2 * due).may).toBe(true);
});

test("a refusal that nobody repeats is forgotten", () => {
  const open = refuse([
    ["a", 0],
    ["b", 0],
    ["c", 0],
  ]);
  expect(askToDial(open, breakerRules.forgetAfterMs + 1)).toEqual({ may: true, after: closedBreaker });
});
