import { expect, test } from "vitest";
import { decideBatch } from "./event-cursor.ts";

const cursor = { logId: "a", last: 10 };

test.each([
  [{ log_id: "a", from: 10, to: 12 }, "apply"],
  [{ log_id: "a", from: 8, to: 12 }, "apply"],
  [{ log_id: "a", from: 8, to: 10 }, "drop"],
  [{ log_id: "a", from: 11, to: 12 }, "resume"],
  [{ log_id: "b", from: 10, to: 12 }, "resync"],
] as const)("batch %o is to %s", (batch, decision) => {
  expect(decideBatch(cursor, batch)).toBe(decision);
});
