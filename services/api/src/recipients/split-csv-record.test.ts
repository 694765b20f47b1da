import { expect, test } from "vitest";
import { type SplitRecord, splitCsvRecord } from "./split-csv-record.ts";

test.each<[string, SplitRecord]>([
  ["a,b,c", ["a", "b", "c"]],
  ["", [""]],
  ["a,,", ["a", "", ""]],
  ['"a,b",c', ["a,b", "c"]],
  ['"say ""hi""",x', ['say "hi"', "x"]],
  ['"",b', ["", "b"]],
  ['a,""', ["a", ""]],
  ['"two\nlines",b', ["two\nlines", "b"]],
  ['5" pipe,b', ['5" pipe', "b"]],
  ['"open,b', "open"],
  ['a,"open ""', "open"],
  ['"a"b,c', "text_after_quote"],
  ['"a" ,c', "text_after_quote"],
  ['"a",', ["a", ""]],
])("%j", (text, expected) => {
  expect(splitCsvRecord(text, ",")).toEqual(expected);
});
