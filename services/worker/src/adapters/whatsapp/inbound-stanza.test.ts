import type { BinaryNode } from "@whiskeysockets/baileys";
import { expect, test } from "vitest";
import { StanzaIndex, withheldReason } from "./inbound-stanza.ts";

const enc = (content: Uint8Array, type = "msg"): BinaryNode => ({ tag: "enc", attrs: { v: "2", type }, content });
const unavailable = (type?: string): BinaryNode => ({ tag: "unavailable", attrs: type ? { type } : {} });
const stanza = (...content: BinaryNode[]): BinaryNode => ({
  tag: "message",
  attrs: { id: "A1", from: "1@lid" },
  content,
});

test("a ciphertext leads to its stanza and place, by identity and not by its bytes", () => {
  const index = new StanzaIndex();
  const [first, second] = [Buffer.from("same"), Buffer.from("same")];
  const node = stanza({ tag: "participants", attrs: {} }, enc(first, "pkmsg"), enc(second, "skmsg"));
  index.note(node);
  expect(index.partOf(first)).toMatchObject({ attrs: node.attrs, part: expect.stringMatching(/^1-[0-9a-f]{16}$/) });
  expect(index.partOf(second)?.part).toBe(index.partOf(first)?.part.replace(/^1/, "2"));
  expect(index.partOf(Buffer.from("same"))).toBeNull();
});

test.each([
  ["something to decrypt", [enc(Buffer.of(1))], null],
  ["a channel's plaintext", [{ tag: "plaintext", attrs: {}, content: Buffer.of(1) }], null],
  ["a view-once picture, told to phones only", [unavailable("view_once")], "view_once"],
  ["its newer form", [unavailable("view_once_unavailable_fanout")], "view_once"],
  ["a bot's message", [unavailable("bot_unavailable_fanout")], "bot_message"],
  ["a secret message with a bot", [enc(Buffer.of(1), "msmsg")], "bot_message"],
  ["a hosted device's message", [unavailable("hosted_unavailable_fanout")], "hosted_message"],
  ["unavailable for no known reason", [unavailable()], "content_missing"],
  ["nothing at all", [], "content_missing"],
] as const)("a stanza with %s", (_name, content, reason) => {
  expect(withheldReason(stanza(...content))).toBe(reason);
});
