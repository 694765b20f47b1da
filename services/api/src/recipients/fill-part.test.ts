import { expect, test } from "vitest";
import type { RecipientError, RecipientRow } from "../ports.ts";
import type { Candidate } from "./candidate.ts";
import { fillPart } from "./fill-part.ts";

const good = (line: number): Candidate => ({
  line,
  to: `55119${String(line).padStart(8, "0")}`,
  vars: { n: "x" },
  clientRef: null,
});
const bad = (line: number): Candidate => ({ line, to: "abc", vars: { n: "x" }, clientRef: null });

async function fill(candidates: Candidate[], text = "Hi {{n}}") {
  const chunks: { rows: RecipientRow[]; errors: RecipientError[] }[] = [];
  let inFlight = 0;
  let most = 0;
  async function* blocks() {
    for (let at = 0; at < candidates.length; at += 700) yield candidates.slice(at, at + 700);
  }
  const outcome = fillPart(blocks(), { text, region: null }, async (rows, errors) => {
    most = Math.max(most, ++inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight--;
    chunks.push({ rows, errors });
  });
  return { outcome, chunks, most: () => most };
}

test("every line is stored once, in order, at most 5,000 at a time and one chunk in flight", async () => {
  const { outcome, chunks, most } = await fill(Array.from({ length: 12_345 }, (_, index) => good(index + 1)));
  await outcome;
  expect(chunks.map((chunk) => chunk.rows.length)).toEqual([5_000, 5_000, 2_345]);
  expect(chunks.flatMap((chunk) => chunk.rows.map((row) => row.line))).toEqual(
    Array.from({ length: 12_345 }, (_, index) => index + 1),
  );
  expect(most()).toBe(1);
});

test("long texts make smaller chunks", async () => {
  const { outcome, chunks } = await fill(
    Array.from({ length: 100 }, (_, index) => good(index + 1)),
    "y".repeat(20_000),
  );
  await outcome;
  expect(chunks.length).toBeGreaterThan(3);
});

test("half of the lines may be bad; they are refused by number", async () => {
  const { outcome, chunks } = await fill([good(2), bad(3), good(4), bad(5)]);
  await outcome;
  expect(chunks[0]!.errors.map(({ line, code }) => ({ line, code }))).toEqual([
    { line: 3, code: "invalid_address" },
    { line: 5, code: "invalid_address" },
  ]);
});

test.each([
  ["nothing", [], "Hi", "There are no recipients"],
  ["more than half bad", [bad(1), bad(2), good(3)], "Hi", "2 of the first 3 lines"],
  ["a variable nobody has", [good(1), good(2)], "Hi {{other}}", "{{other}}"],
  ["over 100,000 lines", Array.from({ length: 100_001 }, (_, index) => good(index)), "Hi", "100,000 lines"],
])("a list with %s is refused", async (_, candidates, text, says) => {
  const { outcome } = await fill(candidates, text);
  await expect(outcome).rejects.toThrow(says);
});

test("a list refused by its first thousand lines has stored nothing", async () => {
  const { outcome, chunks } = await fill(Array.from({ length: 3_000 }, (_, index) => bad(index)));
  await expect(outcome).rejects.toThrow("1000 of the first 1000");
  expect(chunks).toEqual([]);
});

test("a chunk that cannot be stored fails the part", async () => {
  async function* blocks() {
    yield [good(1)];
  }
  const outcome = fillPart(blocks(), { text: "hi", region: null }, () => Promise.reject(new Error("no room")));
  await expect(outcome).rejects.toThrow("no room");
});
