import { expect, test } from "vitest";
import { judgeFound, judgeSilence } from "./unknown-outcome.ts";

const row = (on_unknown: string, more: { status_reason?: string; expires_at_ms?: number | null } = {}) => ({
  status: "unknown",
  status_reason: null,
  expires_at_ms: 1_000,
  on_unknown,
  ...more,
});

test.each([
  ["resend_same_id", {}, 0, { do: "repeat" }],
  ["resend_same_id", {}, 1_000, { do: "fail", failure: { code: "no_ack" } }],
  ["assume_sent", {}, 2_000, { do: "rest", resolution: "assumed_sent" }],
  ["hold", {}, 0, { do: "rest", resolution: "awaiting_person" }],
  ["hold", { status_reason: "resend_asked" }, 0, { do: "repeat" }],
  ["hold", { status_reason: "resend_asked" }, 1_000, { do: "fail" }],
])("found without an end: %s %o at %i", (asked, more, nowMs, verdict) => {
  expect(judgeFound(row(asked, more), nowMs)).toMatchObject(verdict);
});

test.each([
  ["resend_same_id", {}, 1, 0, { do: "repeat" }],
  ["resend_same_id", {}, 3, 400, { do: "wait", waitMs: 600 }],
  ["resend_same_id", { expires_at_ms: null }, 3, 400, { do: "wait", waitMs: null }],
  ["resend_same_id", {}, 3, 1_000, { do: "fail", failure: { code: "no_ack" } }],
  ["assume_sent", {}, 1, 0, { do: "rest", resolution: "assumed_sent" }],
  ["hold", { status_reason: "resend_asked" }, 1, 0, { do: "rest", resolution: "awaiting_person" }],
])("silent: %s %o after %i writes at %i", (asked, more, sends, nowMs, verdict) => {
  expect(judgeSilence(row(asked, more), sends, nowMs)).toMatchObject(verdict);
});
