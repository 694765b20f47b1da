import { expect, test } from "vitest";
import { messageText } from "./message-text.ts";

test.each([
  [{ text: { body: "hi" }, type: "text", status_reason: null }, "hi"],
  [{ text: null, type: "image", status_reason: null }, "(image)"],
  [{ text: null, type: "undecryptable", status_reason: null }, "(could not be read)"],
  [{ text: null, type: "undecryptable", status_reason: "decryption_failed" }, "(could not be read: decryption failed)"],
])("a line shows what there is: %o", (message, shown) => {
  expect(messageText(message)).toBe(shown);
});
