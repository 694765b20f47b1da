import { createHash } from "node:crypto";
import type { BinaryNode, WAMessage } from "@whiskeysockets/baileys";
import type { Baileys } from "../../boot/library.ts";
import type { UnreadableReason } from "../../ports.ts";

/** One ciphertext of a stanza. `part` names it: its place, and the head of its SHA-256. */
export interface StanzaPart {
  attrs: BinaryNode["attrs"];
  part: string;
}

/** The account as the library compares addresses with it; empty strings fit nobody. */
export interface Self {
  id: string;
  lid: string;
}

/**
 * From a ciphertext to the stanza it came in. The library gives its Signal repository the very buffer that stands in the
 * stanza and nothing else of it, so each buffer is noted before the library sees the stanza.
 */
export class StanzaIndex {
  readonly #parts = new WeakMap<Uint8Array, { attrs: BinaryNode["attrs"]; index: number }>();

  note({ attrs, content }: BinaryNode): void {
    if (!Array.isArray(content)) return;
    for (const [index, child] of content.entries()) {
      if (child.tag === "enc" && child.content instanceof Uint8Array) this.#parts.set(child.content, { attrs, index });
    }
  }

  partOf(ciphertext: Uint8Array): StanzaPart | null {
    const found = this.#parts.get(ciphertext);
    if (found === undefined) return null;
    const digest = createHash("sha256").update(ciphertext).digest("hex").slice(0, 16);
    return { attrs: found.attrs, part: `${found.index}-${digest}` };
  }
}

/**
 * The message as the library would tell of it, still without content.
 *
 * @throws Error of the library when the attributes are not those of a message
 */
export function readEnvelope(baileys: Baileys, attrs: BinaryNode["attrs"], self: Self): WAMessage {
  const { fullMessage } = baileys.decodeMessageNode({ tag: "message", attrs }, self.id, self.lid);
  baileys.cleanMessage(fullMessage, self.id, self.lid);
  return fullMessage;
}

/**
 * The message with the content of a decrypted part.
 *
 * @throws Error of the library when the plaintext is no padded message
 */
export function withContent(baileys: Baileys, envelope: WAMessage, plaintext: Uint8Array): WAMessage {
  const message = baileys.proto.Message.decode(baileys.unpadRandomMax16(plaintext));
  return { ...envelope, message: message.deviceSentMessage?.message ?? message };
}

/** WhatsApp kept the stanza for us while we were away. */
export const isDelayed = (attrs: BinaryNode["attrs"]): boolean => Boolean(attrs["offline"]);

/** Types of `<unavailable>` whose content a linked device never gets. */
const unavailable: Readonly<Record<string, UnreadableReason>> = {
  view_once: "view_once",
  view_once_unavailable_fanout: "view_once",
  bot_unavailable_fanout: "bot_message",
  hosted_unavailable_fanout: "hosted_message",
};

/** Why nothing in this stanza can be decrypted; null when something can. `content_missing` may still be handed over by the phone. */
export function withheldReason({ content }: BinaryNode): UnreadableReason | null {
  const children = Array.isArray(content) ? content : [];
  // Secret messages to and from bots: the library answers them with a refusal and tells nobody.
  if (children.find(({ tag }) => tag === "enc")?.attrs["type"] === "msmsg") return "bot_message";
  if (children.some(({ tag, content: inner }) => ["enc", "plaintext"].includes(tag) && inner instanceof Uint8Array))
    return null;
  const type = children.find(({ tag }) => tag === "unavailable")?.attrs["type"] ?? "";
  return unavailable[type] ?? "content_missing";
}
