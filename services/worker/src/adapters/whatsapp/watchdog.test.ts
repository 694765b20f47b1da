import { describe, expect, it } from "vitest";
import { defaultLimits, judgeLink, type LinkHealth, troubleOf } from "./watchdog.ts";

const well: LinkHealth = {
  nowMs: 100_000,
  dialledAtMs: 0,
  hasProgressed: true,
  loggedIn: true,
  lastFrameAtMs: 95_000,
  lastAnswerAtMs: 90_000,
  bufferingSinceMs: null,
  drainingSinceMs: null,
  unansweredSinceMs: [],
  undecryptedAtMs: [],
};

describe("what a link's state asks for", () => {
  it.each<[string, Partial<LinkHealth>, unknown]>([
    ["leaves a lively link alone", {}, { kind: "well" }],
    ["leaves a link alone that is still dialling", { hasProgressed: false, dialledAtMs: 75_000 }, { kind: "well" }],
    [
      "cuts one without login or QR code",
      { hasProgressed: false, dialledAtMs: 69_999 },
      { kind: "terminate", reason: "no_login" },
    ],
    ["cuts a silent one", { lastFrameAtMs: 69_999 }, { kind: "terminate", reason: "silent" }],
    ["cuts one that hears and is not heard", { lastAnswerAtMs: 54_999 }, { kind: "terminate", reason: "no_answer" }],
    ["asks for no answer before the login", { lastAnswerAtMs: 0, loggedIn: false }, { kind: "well" }],
    ["bears two unanswered sends", { unansweredSinceMs: [1, 2, 99_000, 99_001] }, { kind: "well" }],
    ["cuts one with three", { unansweredSinceMs: [1, 2, 3] }, { kind: "terminate", reason: "sends_unanswered" }],
    ["bears a buffer for a while", { bufferingSinceMs: 70_000 }, { kind: "well" }],
    ["flushes a stuck buffer", { bufferingSinceMs: 64_999 }, { kind: "flush" }],
    ["bears a slow offline queue", { drainingSinceMs: 41_000 }, { kind: "well" }],
    ["cuts one whose queue is stuck", { drainingSinceMs: 39_999 }, { kind: "terminate", reason: "queue_stuck" }],
  ])("%s", (_name, change, verdict) => {
    expect(judgeLink({ ...well, ...change }, defaultLimits)).toEqual(verdict);
  });
});

describe("what is wrong with a link that works on", () => {
  it.each<[string, Partial<LinkHealth>, unknown]>([
    ["nothing", {}, null],
    ["a check without an answer", { lastAnswerAtMs: 79_999 }, "check_missed"],
    ["nothing before the login", { lastAnswerAtMs: 0, loggedIn: false }, null],
    ["an offline queue that stands", { drainingSinceMs: 69_999 }, "queue_stuck"],
    ["twenty messages in a minute that nobody can read", { undecryptedAtMs: Array(20).fill(60_000) }, "decrypt_storm"],
    ["not so long ago", { undecryptedAtMs: Array(20).fill(40_000) }, null],
  ])("%s", (_name, change, trouble) => {
    expect(troubleOf({ ...well, ...change }, defaultLimits)).toBe(trouble);
  });
});
