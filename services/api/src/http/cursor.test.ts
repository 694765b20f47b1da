import { expect, test } from "vitest";
import { z } from "zod";
import { canonicalJson } from "../domain/canonical-json.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";

test("a cursor comes back as its key for the same filters in any order", () => {
  const cursor = encodeCursor("k1", { status: "sent", session: "a" });
  expect(decodeCursor(cursor, { session: "a", status: "sent" }, z.string())).toBe("k1");
});

test.each([
  ["other filters", encodeCursor("k1", { status: "sent" })],
  ["a key of another shape", encodeCursor({ at: 1 }, {})],
  ["rubbish", "%%%"],
  ["an empty text", ""],
  ["JSON that is no cursor", Buffer.from("[1]").toString("base64url")],
])("a cursor with %s is refused", (_, cursor) => {
  expect(() => decodeCursor(cursor, {}, z.string())).toThrow("next_cursor");
});

test("canonical JSON does not depend on the order of keys, and does on the order of items", () => {
  expect(canonicalJson({ b: 1, a: { d: 1, c: [2, 1] } })).toBe('{"a":{"c":[2,1],"d":1},"b":1}');
  expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
});
