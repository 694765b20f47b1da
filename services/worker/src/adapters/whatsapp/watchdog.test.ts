import { expect, it } from "vitest";
import { defaultLimits, judgeLink, type LinkHealth } from "./watchdog.ts";

const well: LinkHealth = {
  nowMs: 100_000,
  dialledAtMs: 0,
  hasProgressed: true,
  lastFrameAtMs: 95_000,
  bufferingSinceMs: null,
  unansweredSinceMs: [],
};

it.each<[string, Partial<LinkHealth>, unknown]>([
  ["leaves a lively link alone", {}, { kind: "well" }],
  ["leaves a link alone that is still dialling", { hasProgressed: false, dialledAtMs: 75_000 }, { kind: "well" }],
  [
    "cuts one without login or QR code",
    { hasProgressed: false, dialledAtMs: 69_999 },
    { kind: "terminate", reason: "no_login" },
  ],
  ["cuts a silent one", { lastFrameAtMs: 69_999 }, { kind: "terminate", reason: "silent" }],
  ["bears two unanswered sends", { unansweredSinceMs: [1, 2, 99_000, 99_001] }, { kind: "well" }],
  ["cuts one with three", { unansweredSinceMs: [1, 2, 3] }, { kind: "terminate", reason: "sends_unanswered" }],
  ["bears a buffer for a while", { bufferingSinceMs: 70_000 }, { kind: "well" }],
  ["flushes a stuck buffer", { bufferingSinceMs: 64_999 }, { kind: "flush" }],
])("%s", (_name, change, verdict) => {
  expect(judgeLink({ ...well, ...change }, defaultLimits)).toEqual(verdict);
});
