import { type BinaryNode, encodeBinaryNode } from "@whiskeysockets/baileys";
import { DOUBLE_BYTE_TOKENS, SINGLE_BYTE_TOKENS } from "@whiskeysockets/baileys/lib/WABinary/constants.js";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import { encodeNode } from "./encode-node.ts";
import { parseNode } from "./node.ts";

const strings = [
  "0",
  "123",
  "1234-5.6",
  "ABCDEF01",
  "abc",
  "aBc1",
  "3EB0C767D71D5F2A",
  "7".repeat(127),
  "7".repeat(128),
  "F".repeat(127),
  "a word of its own",
  "ü€😀",
  "x".repeat(255),
  "x".repeat(256),
  "@s.whatsapp.net",
  "s.whatsapp.net",
  "15550001111@s.whatsapp.net",
  "15550001111:3@s.whatsapp.net",
  "123456789012345:0@lid",
  "123456789012345_1:7@lid",
  "123456789012345:99@hosted.lid",
  "120363000000000000@g.us",
  "status@broadcast",
  "",
];

describe("encoding a stanza", () => {
  it.each(strings)("writes %j as the client library does, in an attribute and as content", (text) => {
    const stanza = { tag: "iq", attrs: { id: text }, content: text };
    expect(encodeNode(stanza)).toEqual(encodeBinaryNode(stanza));
  });

  it("writes every token as the client library does", () => {
    for (const token of [...SINGLE_BYTE_TOKENS, ...DOUBLE_BYTE_TOKENS.flat()]) {
      if (typeof token !== "string" || token === "") continue;
      const stanza = { tag: token, attrs: { [token]: token } };
      expect(encodeNode(stanza)).toEqual(encodeBinaryNode(stanza));
    }
  });

  it.each([0, 1, 255, 256, 70_000, 1 << 20])("writes %i bytes of content as the client library does", (length) => {
    const stanza = { tag: "enc", attrs: {}, content: Buffer.alloc(length, 7) };
    expect(encodeNode(stanza).equals(encodeBinaryNode(stanza))).toBe(true);
  });

  it.each([0, 255, 256])("writes a list of %i as the client library does", (length) => {
    const stanza = { tag: "list", attrs: {}, content: Array.from({ length }, () => ({ tag: "item", attrs: {} })) };
    expect(encodeNode(stanza)).toEqual(encodeBinaryNode(stanza));
  });

  it("writes three hundred made-up stanzas as the client library does, and they can be read", () => {
    const random = seededRandom(3);
    const upTo = (limit: number): number => Math.floor(random() * limit);
    const text = (): string => strings[upTo(strings.length)] ?? "";
    const made = (depth: number): BinaryNode => {
      const attrs = Object.fromEntries(Array.from({ length: upTo(5) }, (_, index) => [`a${index}`, text()]));
      const kind = upTo(4);
      const stanza = { tag: ["message", "iq", "odd tag"][upTo(3)] ?? "iq", attrs };
      if (kind === 0) return stanza;
      if (kind === 1) return { ...stanza, content: Buffer.alloc(upTo(300), upTo(256)) };
      if (kind === 2 || depth === 0) return { ...stanza, content: text() };
      return { ...stanza, content: Array.from({ length: upTo(4) }, () => made(depth - 1)) };
    };
    for (let round = 0; round < 300; round++) {
      const stanza = made(3);
      const encoded = encodeNode(stanza);
      expect(encoded.equals(encodeBinaryNode(stanza))).toBe(true);
      expect(parseNode(encoded).tag).toBe(stanza.tag);
    }
  });

  it("refuses a node without a tag", () => {
    expect(() => encodeNode({ tag: "", attrs: {} })).toThrow("tag");
  });
});
