import { expect, test } from "vitest";
import { longestLine, type RawLine, readLines } from "./read-lines.ts";

async function linesOf(bytes: Buffer, blockSize: number): Promise<RawLine[]> {
  async function* blocks() {
    for (let at = 0; at < bytes.length; at += blockSize) yield bytes.subarray(at, at + blockSize);
  }
  const lines: RawLine[] = [];
  for await (const block of readLines(blocks())) lines.push(...block);
  return lines;
}

const hard = Buffer.concat([
  Buffer.from("\uFEFFto,name\r\n5511,José 😀\n\n"),
  Buffer.alloc(longestLine + 1, "x"),
  Buffer.from("\nafter\n"),
  Buffer.from([0x41, 0xff, 0x0a]),
  Buffer.from("n\0l\nlast"),
]);

test.each([1, 2, 7, 1_000, 100_000])(
  "lines are the same however the bytes arrive (blocks of %i)",
  async (blockSize) => {
    expect(await linesOf(hard, blockSize)).toEqual([
      { number: 1, text: "to,name" },
      { number: 2, text: "5511,José 😀" },
      { number: 3, text: "" },
      { number: 4, text: null, code: "line_too_long" },
      { number: 5, text: "after" },
      { number: 6, text: null, code: "bad_encoding" },
      { number: 7, text: null, code: "bad_encoding" },
      { number: 8, text: "last" },
    ]);
  },
);

test("a line of exactly 16 KiB passes", async () => {
  expect(await linesOf(Buffer.alloc(longestLine, "x"), 4_096)).toEqual([{ number: 1, text: "x".repeat(longestLine) }]);
});

test("UTF-16 is refused with what to do", async () => {
  await expect(linesOf(Buffer.from("\uFEFFto\n", "utf16le"), 100)).rejects.toThrow("UTF-8");
});
