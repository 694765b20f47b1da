import { expect, test } from "vitest";
import { someCampaign } from "../../test/builders.ts";
import { progressOf, progressParts } from "./words.ts";

test("every place of the totals is in exactly one part of the bar, or was refused before", () => {
  const {
    received: _received,
    invalid: _invalid,
    duplicate: _duplicate,
    suppressed: _suppressed,
    ...places
  } = someCampaign().totals;
  const shown = progressParts.flatMap(({ names }) => names as readonly string[]);
  expect(shown.toSorted()).toEqual(Object.keys(places).toSorted());
});

test("parts that are empty are left out, and what waits is not done", () => {
  const totals = { ...someCampaign().totals, planned: 60, queued: 5, sending: 1, delivered: 20, read: 10, failed: 4 };
  const { parts, done } = progressOf(totals, 100);
  expect(parts.map(({ key, count }) => [key, count])).toEqual([
    ["read", 10],
    ["delivered", 20],
    ["leaving", 1],
    ["waiting", 65],
    ["failed", 4],
  ]);
  expect(done).toBe(34);
});
