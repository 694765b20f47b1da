import { describe, expect, test } from "vitest";
import { seededRandom } from "../rig/seeded-random.ts";
import { checkHistory } from "./check-history.ts";
import { damages } from "./damages.ts";
import { findingKinds } from "./finding.ts";
import { cleanHistory } from "./sample-history.ts";

const seeds = Array.from({ length: 60 }, (_, n) => n + 1);

test("a history in which nothing is wrong passes, requests without an answer included", () => {
  for (const seed of seeds) {
    const { first, messages, takeovers } = checkHistory(cleanHistory(seed));
    expect(first, `seed ${seed}`).toBeNull();
    expect(messages.shown).toBeGreaterThan(0);
    expect(new Set(takeovers)).toEqual(new Set([6_500]));
  }
});

describe("the checker finds every damage", () => {
  test.each(damages)("$does: $finds", ({ finds, damage }) => {
    let damaged = 0;
    for (const seed of seeds) {
      const events = damage(cleanHistory(seed), seededRandom(seed));
      if (events === null) continue;
      damaged++;
      const { counts, first } = checkHistory(events);
      expect(counts[finds], `seed ${seed}: ${first?.kind}`).toBeGreaterThan(0);
      expect(first).not.toBeNull();
    }
    // Most histories have what there is to damage, so this was no empty loop.
    expect(damaged).toBeGreaterThan(seeds.length / 2);
  });

  test("for every kind of finding there is a damage", () => {
    expect(new Set(damages.map(({ finds }) => finds))).toEqual(new Set(findingKinds));
  });
});

test("a connection that was frozen and said nothing after the takeover is no overlap", () => {
  const events = cleanHistory(3).filter((event) => !(event.kind === "link" && !event.open));
  expect(checkHistory(events).counts.overlap).toBe(0);
});
