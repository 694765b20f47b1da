import { expect, test } from "vitest";
import { storable } from "./storable.ts";

test("what Postgres refuses becomes a replacement character, wherever it stands; the rest stays", () => {
  const value = { body: "a\u0000b", list: ["\ud83d", "😀", 7, null], "k\u0000": { deep: "\udc00x" }, gone: undefined };
  expect(storable(value)).toEqual({
    body: "a\uFFFDb",
    list: ["\uFFFD", "😀", 7, null],
    "k\uFFFD": { deep: "\uFFFDx" },
    gone: undefined,
  });
});
