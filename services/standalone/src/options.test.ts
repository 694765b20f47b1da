import { expect, test } from "vitest";

import { parseOptions } from "./options.ts";

test("the defaults are those of the documentation", () => {
  expect(parseOptions(["demo"], {})).toMatchObject({
    command: "demo",
    workers: 2,
    network: "simulated",
    allowProduction: false,
    demo: { recipients: undefined, file: undefined, sessions: 4, exit: false, headless: false, seed: 42 },
  });
});

test("the command line wins over the environment for the data folder", () => {
  const environment = { FLOTILLA_DATA_DIR: "/from/environment" };
  expect(parseOptions(["start"], environment).dataFolder).toBe("/from/environment");
  expect(parseOptions(["start", "--data", "/from/flag"], environment).dataFolder).toBe("/from/flag");
});

test("all mistakes are named at once", () => {
  const parse = () => parseOptions(["fly", "--workers", "0", "--recipients", "many", "--file", "x.csv"], {});
  expect(parse).toThrow(/say what to do: start.*--workers takes a whole number from 1 to 16, not "0"/s);
  expect(parse).toThrow(/--recipients or --file, not both.*|.*--recipients takes a whole number/s);
});

test("an unknown flag is refused", () => {
  expect(() => parseOptions(["start", "--wrokers", "3"], {})).toThrow("--wrokers");
});
