import { describe, expect, test } from "vitest";
import { MessageStatus } from "../contract/statuses.ts";
import { climb, isCancelable, isSettled } from "./message-status.ts";

describe("the status ladder", () => {
  test.each([
    ["sending", "sent", "sent"],
    ["sent", "read", "read"],
    ["read", "delivered", "read"],
    ["delivered", "sent", "delivered"],
    ["played", "read", "played"],
    ["unknown", "delivered", "delivered"],
    ["failed", "delivered", "delivered"],
    ["queued", "sent", "sent"],
  ] as const)("%s and evidence of %s is %s", (current, seen, expected) => {
    expect(climb(current, seen)).toBe(expected);
  });

  test("evidence in any order ends at the highest step", () => {
    const seen = ["delivered", "sent", "read", "delivered"] as const;
    expect(seen.reduce<MessageStatus>((status, step) => climb(status, step), "sending")).toBe("read");
  });

  test("nothing that can be canceled is settled, and nothing on the wire can be canceled", () => {
    for (const status of MessageStatus.options) expect(isCancelable(status) && isSettled(status)).toBe(false);
    expect(isCancelable("sending")).toBe(false);
    expect(isCancelable("unknown")).toBe(false);
  });
});
