import { expect, test } from "vitest";
import { readOptions } from "./options.ts";

const known = ["G1", "G2", "G9"];
const read = (...argv: string[]) => readOptions(argv, known, () => 7);

test("without flags the short profile is played whole, with a fresh seed", () => {
  expect(read()).toMatchObject({ profile: "short", scenarios: null, seed: 7, strict: false, without: null });
});

test("goals are named one by one or in a list, in any case", () => {
  expect(read("--scenario", "g1,G9", "--scenario", "G2").scenarios).toEqual(["G1", "G9", "G2"]);
});

test.each([
  [["--profile", "long"], /tiny, short and full/],
  [["--scenario", "G99"], /there are G1, G2, G9/],
  [["--seed", "-1"], /seed/],
  [["--seed", "x"], /seed/],
  [["--lease", "10"], /2000 to 30000/],
  [["--without", "luck"], /persist-before-send/],
])("%j is refused in words", (argv, message) => {
  expect(() => read(...argv)).toThrow(message);
});
