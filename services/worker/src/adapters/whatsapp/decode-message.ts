import type { proto, WAMessage, WAMessageKey } from "@whiskeysockets/baileys";
import { tryParseAddress } from "@flotilla/shared/domain/address";
import type { Baileys } from "../../boot/library.ts";
import { toUnreadable } from "../../domain/unreadable.ts";
import type { InboundMessage, StanzaKey, UnreadableReason } from "../../ports.ts";

/** WhatsApp's names for the kinds of content, in ours. What is missing here passes under WhatsApp's own name. */
const kinds: Readonly<Record<string, string>> = {
  conversation: "text",
  extendedTextMessage: "text",
  imageMessage: "image",
  videoMessage: "video",
  ptvMessage: "video",
  audioMessage: "audio",
  documentMessage: "document",
  stickerMessage: "sticker",
  locationMessage: "location",
  liveLocationMessage: "location",
  contactMessage: "contacts",
  contactsArrayMessage: "contacts",
  reactionMessage: "reaction",
  pollCreationMessage: "poll",
  pollCreationMessageV2: "poll",
  pollCreationMessageV3: "poll",
};

/** Not messages a person wrote: key distribution, revocations and the like. */
const housekeeping = new Set(["protocolMessage", "senderKeyDistributionMessage", "pollUpdateMessage"]);

/**
 * A message somebody sent us, or null when it is none: our own, a status post, a channel, key distribution, or one that
 * could not be decrypted (it comes again after our retry request). Text is decoded; of other kinds only the kind is told.
 */
export function decodeMessage(baileys: Baileys, message: WAMessage, delayed: boolean): InboundMessage | null {
  const frame = decodeFrame(baileys, message, delayed);
  if (frame === null || !message.message) return null;
  const content = baileys.normalizeMessageContent(message.message);
  const kind = content ? baileys.getContentType(content) : undefined;
  if (!content || kind === undefined || housekeeping.has(kind)) return null;
  const type = kinds[kind] ?? kind;
  return { ...frame, type, content: type === "text" ? { body: textOf(content) } : {}, reason: null };
}

/** The same, never throwing: content that our decoder chokes on becomes a stub. An error here would end the process. */
export function decodeOrStub(baileys: Baileys, message: WAMessage, delayed: boolean): InboundMessage | null {
  try {
    return decodeMessage(baileys, message, delayed);
  } catch {
    return decodeUnreadable(baileys, message, delayed, "content_unreadable");
  }
}

/** What stands for a message that cannot be read; null for what would be no message either. */
export function decodeUnreadable(
  baileys: Baileys,
  message: WAMessage,
  delayed: boolean,
  reason: UnreadableReason,
): InboundMessage | null {
  const frame = decodeFrame(baileys, message, delayed);
  return frame === null ? null : toUnreadable({ ...frame, type: "", content: {}, reason }, reason);
}

/** Who wrote where and when; null for our own messages, status posts and channels. */
function decodeFrame(
  baileys: Baileys,
  { key, pushName, messageTimestamp }: WAMessage,
  delayed: boolean,
): Omit<InboundMessage, "type" | "content" | "reason"> | null {
  if (key.fromMe || !key.id || !key.remoteJid) return null;
  const isGroup = baileys.isJidGroup(key.remoteJid) === true;
  const from = tryParseAddress(key.remoteJid);
  if (!isGroup && from === null) return null;
  const alt = key.remoteJidAlt ? tryParseAddress(key.remoteJidAlt) : null;
  const both = isGroup ? [] : [from, alt].filter((address) => address !== null);
  return {
    ...stanzaKeyOf(key),
    jid: from?.jid ?? key.remoteJid,
    altJid: isGroup ? null : (alt?.jid ?? null),
    phone: both.find(({ phone }) => phone !== null)?.phone ?? null,
    lid: both.find(({ phone }) => phone === null)?.jid ?? null,
    pushName: pushName || null,
    atMs: Number(messageTimestamp ?? 0) * 1000,
    delayed,
  };
}

/** The key as the library names it once it has cleaned the addresses, which it does before it tells of a message. */
export function stanzaKeyOf({ remoteJid, participant, id }: WAMessageKey): StanzaKey {
  return { chat: remoteJid ?? "", participant: participant ?? "", waMessageId: id ?? "" };
}

function textOf({ conversation, extendedTextMessage }: proto.IMessage): string {
  return conversation || extendedTextMessage?.text || "";
}

/** Two addresses that WhatsApp named for one person, told apart by their servers; null when they are not such a pair. */
export function samePerson(one: string, other: string | null | undefined): { pn: string; lid: string } | null {
  const [a, b] = [tryParseAddress(one), other ? tryParseAddress(other) : null];
  if (!a || !b || (a.phone === null) === (b.phone === null)) return null;
  return a.phone === null ? { pn: b.jid, lid: a.jid } : { pn: a.jid, lid: b.jid };
}
