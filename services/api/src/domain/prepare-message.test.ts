import { expect, test } from "vitest";
import { prepareMessage } from "./prepare-message.ts";

const good = { session: "a", to: "+55 (11) 99999-0001", type: "text", text: { body: "hi" } };

test("a good message comes back with its address read and defaults filled in", () => {
  expect(prepareMessage(good)).toMatchObject({
    ok: {
      address: { jid: "5511999990001@s.whatsapp.net", phone: "+5511999990001" },
      text: "hi",
      body: { ttl: 86_400 },
    },
  });
});

test.each<[string, unknown, string[]]>([
  ["no object", 5, [" invalid_type"]],
  ["an unknown field", { ...good, tto: 1 }, ["/tto unknown_field"]],
  [
    "two mistakes at once",
    { ...good, to: "abc", category: "marketing" },
    ["/to invalid_address", "/category unsupported_content"],
  ],
  ["a group", { ...good, to: "1203630@g.us" }, ["/to invalid_address"]],
  ["no text", { ...good, text: undefined }, ["/text required"]],
  ["an image, whatever else is wrong", { type: "image", image: {} }, ["/type unsupported_content"]],
  ["a kind that does not exist", { ...good, type: "smoke" }, ["/type invalid_value"]],
])("%s is refused by name", (_, value, expected) => {
  const prepared = prepareMessage(value, "/items/3");
  if (!("errors" in prepared)) throw new Error("it was taken");
  const seen = prepared.errors.map((error) => `${error.pointer.slice("/items/3".length)} ${error.code}`);
  expect(seen).toEqual(expected);
});
