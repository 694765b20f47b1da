import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parseScenario, ScenarioError } from "./parse-scenario.ts";

const head = "name: test\nsteps:\n";
const placeOf = (text: string): string => {
  try {
    parseScenario(text);
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  return "no mistake";
};

describe("parseScenario", () => {
  it("reads YAML, and JSON, and times in any unit", () => {
    const scenario = parseScenario(`${head}  - { at: 1.5s, do: change_lid, phone: "15550001111" }\n`);
    expect(scenario).toMatchObject({ name: "test", seed: 1, steps: [{ at: 1500, do: "change_lid" }] });
    const json = JSON.stringify({ name: "j", steps: [{ at: 5, do: "fault", for: "2m", fault: { kind: "drop_ack" } }] });
    expect(parseScenario(json).steps).toMatchObject([{ at: 5, for: 120_000, fault: { share: 1 } }]);
  });

  it("accepts the example of the documentation", async () => {
    const page = await readFile(new URL("../../docs/faults-and-scenarios.md", import.meta.url), "utf8");
    const example = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? "";
    expect(parseScenario(example).steps).toHaveLength(8);
  });

  it.each<[string, string, RegExp]>([
    ["an unknown key at the top", "name: test\ncolour: red\nsteps: []\n", /^2:1 colour: is not known here/m],
    ["no steps", "name: test\nsteps: []\n", /^2:1 steps: /],
    ["an unknown action", `${head}  - at: 1s\n    do: dance\n`, /^4:5 steps\.0\.do: /],
    [
      "an unknown key of a step",
      `${head}  - at: 1s\n    do: change_lid\n    phone: "15550001111"\n    fone: "1"\n`,
      /^6:5 steps\.0\.fone: is not known here/,
    ],
    [
      "a bad number deep inside",
      `${head}  - at: 1s\n    do: fault\n    fault:\n      kind: drop_ack\n      share: 2\n`,
      /^7:7 steps\.0\.fault\.share: /,
    ],
    [
      "an impossible rule",
      `${head}  - at: 1s\n    do: fault\n    fault: { kind: refuse_login, recipient: "155" }\n`,
      /^5:34 steps\.0\.fault\.recipient: is not known here/,
    ],
    [
      "a time without a unit",
      `${head}  - { at: soon, do: change_lid, phone: "15550001111" }\n`,
      /^3:7 steps\.0\.at: must/,
    ],
    [
      "a number without quotes",
      `${head}  - { at: 1, do: change_lid, phone: 15550001111 }\n`,
      /^3:30 steps\.0\.phone: /,
    ],
    ["broken YAML", "name: [\n", /^2:1 /],
    ["nothing at all", "", /^1:1 /],
    ["a key twice", "name: a\nname: b\n", /^2:1 /],
  ])("refuses %s with the place in the text", (_what, text, place) => {
    expect(placeOf(text)).toMatch(place);
  });
});
