import { expect, test } from "vitest";
import { inspectJson } from "./inspect-json.ts";

test.each([
  ["an ordinary body", '{"a": [1, "x", null, {"b": "😀"}]}', []],
  ["a prototype key", '{"a": {"__proto__": {"admin": true}}}', ["/a/__proto__"]],
  ["a constructor key in a list", '[{"constructor": 1}]', ["/0/constructor"]],
  ["a NUL character", '{"a/b": "x\\u0000"}', ["/a~1b"]],
  ["half a surrogate pair", '{"a": ["ok", "\\ud83d"]}', ["/a/1"]],
])("%s", (_, text, pointers) => {
  const found = inspectJson(JSON.parse(text));
  expect(found.tooDeep).toBe(false);
  expect(found.errors.map((error) => error.pointer)).toEqual(pointers);
});

test("twenty levels pass, more are too deep, and a hundred thousand do not hurt", () => {
  const nested = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));
  expect(inspectJson(nested(20)).tooDeep).toBe(false);
  expect(inspectJson(nested(21)).tooDeep).toBe(true);
  expect(inspectJson(nested(100_000)).tooDeep).toBe(true);
});
