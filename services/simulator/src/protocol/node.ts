import { inflateSync } from "node:zlib";
import { type BinaryNode, decodeDecompressedBinaryNode } from "@whiskeysockets/baileys";
import { DOUBLE_BYTE_TOKENS, SINGLE_BYTE_TOKENS, TAGS } from "@whiskeysockets/baileys/lib/WABinary/constants.js";

export type { BinaryNode } from "@whiskeysockets/baileys";

const TOKENS = { DOUBLE_BYTE_TOKENS, SINGLE_BYTE_TOKENS, TAGS };
const MAX_INFLATED_BYTES = 16 * 1024 * 1024;

/** A node; attributes without a value are left out, as the encoder cannot write them. */
export function node(
  tag: string,
  attrs: Record<string, string | undefined> = {},
  content?: BinaryNode[] | string | Uint8Array,
): BinaryNode {
  const present: Record<string, string> = {};
  for (const key in attrs) {
    const value = attrs[key];
    if (value !== undefined) present[key] = value;
  }
  return content === undefined ? { tag, attrs: present } : { tag, attrs: present, content };
}

/** Decodes one decrypted frame. Throws on anything that is not a well-formed node. */
export function parseNode(bytes: Buffer): BinaryNode {
  const flags = bytes.readUInt8(0);
  const body = bytes.subarray(1);
  const plain = flags & 2 ? inflateSync(body, { maxOutputLength: MAX_INFLATED_BYTES }) : body;
  return decodeDecompressedBinaryNode(plain, TOKENS);
}

/** All children, or none when the content is text or bytes. */
export function children(parent: BinaryNode | undefined): BinaryNode[] {
  return Array.isArray(parent?.content) ? parent.content : [];
}

/** The first child with this tag. */
export function child(parent: BinaryNode | undefined, tag: string): BinaryNode | undefined {
  return children(parent).find((candidate) => candidate.tag === tag);
}

/** Content as bytes, whether it was sent as bytes or as text; undefined when there is none. */
export function bytesOf(source: BinaryNode | undefined): Buffer | undefined {
  const content = source?.content;
  if (content === undefined || Array.isArray(content)) return undefined;
  return typeof content === "string" ? Buffer.from(content) : Buffer.from(content);
}

/** Content as text, whether it was sent as text or as bytes. */
export function textOf(source: BinaryNode | undefined): string | undefined {
  const content = source?.content;
  if (content === undefined || Array.isArray(content)) return undefined;
  return typeof content === "string" ? content : Buffer.from(content).toString("utf8");
}

/** Content as a big-endian unsigned number of at most 6 bytes. */
export function uintOf(source: BinaryNode | undefined): number | undefined {
  const bytes = bytesOf(source);
  return bytes && bytes.length > 0 && bytes.length <= 6 ? bytes.readUIntBE(0, bytes.length) : undefined;
}

/** `value` as `length` big-endian bytes. */
export function uintBytes(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}
