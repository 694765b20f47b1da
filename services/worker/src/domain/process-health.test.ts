import { expect, test } from "vitest";
import { judgeProcess, type ProcessSample } from "./process-health.ts";

const limits = { lagMs: 1_000, rssBytes: 900, inARow: 3 };
const fine: ProcessSample = { lagMs: 20, rssBytes: 400 };
const slow: ProcessSample = { lagMs: 1_500, rssBytes: 400 };
const full: ProcessSample = { lagMs: 20, rssBytes: 901 };

test.each<[string, ProcessSample[], string]>([
  ["too few samples say nothing", [slow, slow], "well"],
  ["a process at rest is well", [fine, fine, fine], "well"],
  ["one pause is no fault", [fine, slow, fine], "well"],
  ["a good sample breaks the row", [slow, slow, fine, slow, slow], "well"],
  ["pauses one after another are slowness", [fine, slow, slow, slow], "slow"],
  ["memory that does not go down is near its limit", [full, full, full], "near its memory limit"],
  ["memory that a collection freed is well", [full, fine, full], "well"],
])("%s", (_, samples, verdict) => {
  expect(judgeProcess(samples, limits)).toBe(verdict);
});
