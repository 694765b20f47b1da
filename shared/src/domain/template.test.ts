import { expect, test } from "vitest";
import { renderTemplate, variablesOf } from "./template.ts";

test("variables are found once each, blanks allowed", () => {
  expect(variablesOf("Hi {{name}}, {{ order.id }} for {{name}}")).toEqual(["name", "order.id"]);
});

test("values are put in as they are and not expanded again", () => {
  expect(renderTemplate("Hi {{name}}", { name: "{{admin}}" })).toEqual({ ok: true, text: "Hi {{admin}}" });
});

test("a missing or blank value is named instead of leaving a hole", () => {
  expect(renderTemplate("{{a}} {{b}} {{constructor}}", { a: " " })).toEqual({
    ok: false,
    missing: ["a", "b", "constructor"],
  });
});
