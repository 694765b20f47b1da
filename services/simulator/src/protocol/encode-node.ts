import { type BinaryNode, jidDecode } from "@whiskeysockets/baileys";
import { TAGS, TOKEN_MAP } from "@whiskeysockets/baileys/lib/WABinary/constants.js";

const tokens = new Map(Object.entries(TOKEN_MAP));
const NIBBLE = table("0123456789-.");
const HEX = table("0123456789ABCDEF");
const NO_PARTNER = 15;
const NO_BYTES = Buffer.alloc(0);

/** One buffer for all stanzas: encoding is synchronous, and what leaves is a copy. */
let bytes = Buffer.allocUnsafe(64 * 1024);
let end = 0;

/**
 * A stanza as bytes, uncompressed, with the flag byte in front: the same bytes that the client library's own encoder
 * gives (`lib/WABinary/encode.js`), which pushes them one by one onto an array and takes six times as long.
 */
export function encodeNode(stanza: BinaryNode): Buffer {
  end = 0;
  put(0);
  writeNode(stanza);
  return Buffer.from(bytes.subarray(0, end));
}

function writeNode({ tag, attrs, content }: BinaryNode): void {
  if (!tag) throw new Error("a node needs a tag");
  let pairs = 0;
  for (const name in attrs) if (attrs[name] != null) pairs += 1;
  writeListStart(2 * pairs + 1 + (content === undefined ? 0 : 1));
  writeString(tag);
  for (const name in attrs) {
    const value = attrs[name];
    if (value == null) continue;
    writeString(name);
    writeString(value);
  }
  if (content === undefined) return;
  if (typeof content === "string") return writeString(content);
  if (!Array.isArray(content)) return writeBytes(content);
  writeListStart(content.length);
  for (const child of content) writeNode(child);
}

function writeString(text: string): void {
  if (text === "") return writeBytes(NO_BYTES);
  const token = tokens.get(text);
  if (token) {
    if (token.dict !== undefined) put(TAGS.DICTIONARY_0 + token.dict);
    return put(token.index);
  }
  if (text.length <= TAGS.PACKED_MAX) {
    if (isOf(NIBBLE, text)) return writePacked(text, TAGS.NIBBLE_8, NIBBLE);
    if (isOf(HEX, text)) return writePacked(text, TAGS.HEX_8, HEX);
  }
  const jid = text.includes("@") ? jidDecode(text) : undefined;
  if (jid) return writeJid(jid);
  writeBytes(Buffer.from(text));
}

function writeJid({ user, server, device, domainType }: NonNullable<ReturnType<typeof jidDecode>>): void {
  if (device !== undefined) {
    put(TAGS.AD_JID);
    put(domainType ?? 0);
    put(device);
    return writeString(user);
  }
  put(TAGS.JID_PAIR);
  if (user === "") put(TAGS.LIST_EMPTY);
  else writeString(user);
  writeString(server);
}

/** Two characters a byte; of an odd number of them the last has no partner. */
function writePacked(text: string, kind: number, values: Int8Array): void {
  const whole = text.length >>> 1;
  const odd = text.length % 2;
  reserve(3 + whole);
  bytes[end++] = kind;
  bytes[end++] = (whole + odd) | (odd << 7);
  for (let index = 0; index < whole * 2; index += 2) {
    bytes[end++] = (valueAt(values, text, index) << 4) | valueAt(values, text, index + 1);
  }
  if (odd === 1) bytes[end++] = (valueAt(values, text, text.length - 1) << 4) | NO_PARTNER;
}

function writeBytes(content: Uint8Array): void {
  const { length } = content;
  reserve(length + 5);
  if (length >= 1 << 20) {
    bytes[end++] = TAGS.BINARY_32;
    end = bytes.writeUInt32BE(length, end);
  } else if (length >= 256) {
    bytes[end++] = TAGS.BINARY_20;
    end = bytes.writeUIntBE(length, end, 3);
  } else {
    bytes[end++] = TAGS.BINARY_8;
    bytes[end++] = length;
  }
  bytes.set(content, end);
  end += length;
}

function writeListStart(size: number): void {
  if (size === 0) return put(TAGS.LIST_EMPTY);
  reserve(3);
  if (size < 256) {
    bytes[end++] = TAGS.LIST_8;
    bytes[end++] = size;
  } else {
    bytes[end++] = TAGS.LIST_16;
    end = bytes.writeUInt16BE(size, end);
  }
}

function put(value: number): void {
  reserve(1);
  bytes[end++] = value;
}

function reserve(more: number): void {
  if (end + more <= bytes.length) return;
  const larger = Buffer.allocUnsafe(Math.max(bytes.length * 2, end + more));
  larger.set(bytes.subarray(0, end));
  bytes = larger;
}

function isOf(values: Int8Array, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (valueAt(values, text, index) < 0) return false;
  return true;
}

function valueAt(values: Int8Array, text: string, index: number): number {
  return values[text.charCodeAt(index)] ?? -1;
}

/** The place of each character in the alphabet by its code, -1 for all others. */
function table(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value;
  return values;
}
