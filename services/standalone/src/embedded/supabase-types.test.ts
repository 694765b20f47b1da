import { expect, test } from "vitest";

import { toIsoTime, toJsonOnce } from "./supabase-types.ts";

test.each([
  ["2026-11-24 03:26:08.5+00", "2026-11-24T03:26:08.5+00:00"],
  ["2026-11-24 03:26:08+05:30", "2026-11-24T03:26:08+05:30"],
  ["2026-11-24 03:26:08-03", "2026-11-24T03:26:08-03:00"],
  ["2026-11-24 03:26:08", "2026-11-24T03:26:08"],
  ["infinity", "infinity"],
])("the time %s is read as %s", (text, iso) => {
  expect(toIsoTime(text)).toBe(iso);
});

test.each([
  [{ a: 1 }, '{"a":1}'],
  ['{"a":1}', '{"a":1}'],
  ["plain text", '"plain text"'],
  [null, "null"],
  [[1, "x"], '[1,"x"]'],
])("%j is written once as %s", (value, text) => {
  expect(toJsonOnce(value)).toBe(text);
});
