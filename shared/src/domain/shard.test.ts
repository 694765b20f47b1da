import { expect, test } from "vitest";
import { shardOf } from "./shard.ts";

test("a session keeps its shard for years: known ids give known shards", () => {
  expect(shardOf("0199b7a0-0000-7000-8000-000000000001", 128)).toBe(
    shardOf("0199b7a0-0000-7000-8000-000000000001", 128),
  );
  expect(["a", "b", "c"].map((id) => shardOf(id, 128))).toEqual([0xe40c292c % 128, 0xe70c2de5 % 128, 0xe60c2c52 % 128]);
});

test("shards fill evenly", () => {
  const counts = new Array<number>(16).fill(0);
  for (let index = 0; index < 16_000; index++)
    counts[shardOf(`0199b7a0-0000-7000-8000-${index.toString(16).padStart(12, "0")}`, 16)]! += 1;
  expect(Math.min(...counts)).toBeGreaterThan(800);
  expect(Math.max(...counts)).toBeLessThan(1200);
});
