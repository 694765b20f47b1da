import { describe, expect, it } from "vitest";
import { behaviourOf, behaviourSchema, ordinary, prefixRules } from "./behaviour.ts";

describe("behaviourOf", () => {
  it("is ordinary without a rule, and its prefix rule otherwise", () => {
    expect(behaviourOf("15550001111")).toEqual(ordinary);
    for (const { prefix, behaviour } of prefixRules) expect(behaviourOf(`${prefix}000001`)).toMatchObject(behaviour);
  });

  it("puts what was set by call above the rule", () => {
    expect(behaviourOf("99900000001", { exists: true }).exists).toBe(true);
  });

  it("has rules that the schema of the API allows", () => {
    for (const { prefix } of prefixRules) expect(behaviourSchema.parse(behaviourOf(prefix))).toBeDefined();
  });
});
