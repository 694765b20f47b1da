import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { decideRootKey } from "./root-key.ts";

const rootKey = randomBytes(32).toString("base64");
const simulator = "ws://127.0.0.1:3010/ws/chat";

it("replaces the root only for a configured network that is not WhatsApp's", () => {
  expect(decideRootKey({ webSocketUrl: simulator, rootKey })).toMatchObject({ kind: "replace", host: "127.0.0.1" });
  expect(decideRootKey({})).toEqual({ kind: "own" });
  expect(decideRootKey({ webSocketUrl: simulator })).toEqual({ kind: "own" });
});

it.each([
  ["there is no address", undefined, rootKey],
  ["the address is WhatsApp's", "wss://web.whatsapp.com/ws/chat", rootKey],
  ["the address is WhatsApp's by another name", "wss://G.WhatsApp.net/ws/chat", rootKey],
  ["the key has the wrong size", simulator, "AAAA"],
])("refuses when %s", (_name, webSocketUrl, key) => {
  expect(decideRootKey({ webSocketUrl, rootKey: key }).kind).toBe("refuse");
});
