import { expect, test } from "vitest";
import { type CsvRecord, readCsvRecords } from "./read-csv-records.ts";
import { readLines } from "./read-lines.ts";

async function recordsOf(text: string): Promise<unknown[]> {
  async function* blocks() {
    for (let at = 0; at < text.length; at += 5) yield Buffer.from(text.slice(at, at + 5));
  }
  const records: CsvRecord[] = [];
  for await (const block of readCsvRecords(readLines(blocks()), ",")) records.push(...block);
  return records.map((record) =>
    "fields" in record ? [record.line, ...record.fields] : [record.line, `! ${record.code}`],
  );
}

test("a quoted line break is part of its field, and records carry the number of their first line", async () => {
  expect(await recordsOf('to,name\n1,"a\nb"\n\n2,c\n')).toEqual([
    [1, "to", "name"],
    [2, "1", "a\nb"],
    [5, "2", "c"],
  ]);
});

test("a quote that is never closed costs its own line and no other", async () => {
  const many = Array.from({ length: 3_000 }, (_, index) => `${index},name`);
  const records = await recordsOf(['0,"oops', ...many].join("\n"));
  expect(records[0]).toEqual([1, "! unclosed_quote"]);
  expect(records.slice(1)).toEqual(many.map((_, index) => [index + 2, String(index), "name"]));
});

test("a stray quote that meets the next record's quotes costs its own line and no other", async () => {
  expect(await recordsOf('1,"oops\n2,"fine"\n3,c\n4,"end')).toEqual([
    [1, "! text_after_quote"],
    [2, "2", "fine"],
    [3, "3", "c"],
    [4, "! unclosed_quote"],
  ]);
});
