import { expect, test } from "vitest";
import { messageReasons } from "../contract/message-reasons.ts";
import { MessageStatus } from "../contract/statuses.ts";
import { type Explained, explainMessage } from "./explain-message.ts";

const aMessage = (more: Partial<Explained>): Explained => ({
  direction: "out",
  status: "queued",
  status_reason: null,
  failure: null,
  expires_at: "2026-11-24T09:00:00.000Z",
  releaseAt: null,
  ...more,
});

const reasonsOf = (status: MessageStatus): readonly (string | null)[] =>
  status in messageReasons ? [...messageReasons[status as keyof typeof messageReasons], null] : [null];
const cases = MessageStatus.options.flatMap((status) => reasonsOf(status).map((reason) => ({ status, reason })));
const sentenceOf = ({ status, reason }: (typeof cases)[number]): string =>
  explainMessage(aMessage({ status, status_reason: reason }));

test.each(cases)("$status for $reason is one plain sentence that needs no code to be understood", (one) => {
  const sentence = sentenceOf(one);
  expect(sentence).toMatch(/^[A-Z].*[^.]\.$/);
  expect(sentence.replace("on_unknown", "")).not.toMatch(/[a-z]_[a-z]|undefined|null/);
});

test("no two reasons share a sentence", () => {
  const sentences = cases.filter(({ reason }) => reason !== null).map(sentenceOf);
  expect(new Set(sentences).size).toBe(sentences.length);
});

test("a failure's own code goes before the status's reason, and says whether trying anew can help", () => {
  const failure = { code: "server_rejected", detail: "WhatsApp refused five tries (500)", retryable: true };
  expect(explainMessage(aMessage({ status: "failed", status_reason: "x", failure }))).toBe(
    "WhatsApp's server refused it. Sending it anew later can help.",
  );
});

test("a reason from a newer version is named instead of hidden", () => {
  expect(explainMessage(aMessage({ status: "held", status_reason: "full_moon" }))).toBe("It is held (full_moon).");
  const failure = { code: "new_code", detail: "Something new", retryable: false };
  expect(explainMessage(aMessage({ status: "failed", failure }))).toBe("It failed (new_code): Something new.");
  expect(explainMessage(aMessage({ status: "canceled", status_reason: "toString" }))).toContain("(toString)");
});

test("a wait says until when, if that is known", () => {
  const releaseAt = "2026-11-24T08:15:30.123Z";
  expect(explainMessage(aMessage({ status: "held", status_reason: "quiet_hours", releaseAt }))).toBe(
    "It is held because the recipient's quiet hours last, until 2026-11-24 08:15:30 UTC.",
  );
  expect(explainMessage(aMessage({ status: "queued", status_reason: "ack_429", releaseAt }))).toBe(
    "It did not get through (ack_429) and is tried again by itself, not before 2026-11-24 08:15:30 UTC.",
  );
});

test("what came in was received", () => {
  expect(explainMessage(aMessage({ direction: "in", status: "delivered" }))).toContain("received");
});
