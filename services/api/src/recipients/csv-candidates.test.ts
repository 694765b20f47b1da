import { expect, test } from "vitest";
import { readHeader } from "./csv-candidates.ts";

test("the order, the case and blanks of columns do not matter; columns without a name are left out", () => {
  expect(readHeader([" Name ", "TO", "", "client_ref"], { text: "Hi {{Name}}", delimiter: "," })).toEqual({
    to: 1,
    clientRef: 3,
    variables: [{ name: "Name", at: 0 }],
    width: 4,
  });
});

test.each([
  ["no to", ["phone", "name"], "wrong_format", "must be called to"],
  ["another delimiter", ["to;name"], "wrong_format", "?delimiter=;"],
  ["a column twice", ["to", "name", "name"], "wrong_format", "name stands there twice"],
  ["to twice", ["to", "To"], "wrong_format", "to stands there twice"],
  ["a reserved name", ["to", "send_at"], "wrong_format", "send_at is reserved"],
  ["a variable without a column", ["to", "nome"], "unknown_variable", "{{name}}"],
])("a header with %s is refused", (_, header, code, says) => {
  expect(() => readHeader(header, { text: "Hi {{name}}", delimiter: "," })).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(says) as string }) as Error,
  );
});

test("prototype names are ordinary columns", () => {
  const { variables } = readHeader(["to", "__proto__"], { text: "hi", delimiter: "," });
  expect(variables).toEqual([{ name: "__proto__", at: 1 }]);
});
