import type { proto, WAMessage } from "@whiskeysockets/baileys";
import { tryParseAddress } from "@flotilla/shared/domain/address";
import type { Baileys } from "../../boot/library.ts";
import type { InboundMessage } from "../../ports.ts";

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
  const { key } = message;
  if (key.fromMe || !key.id || !key.remoteJid || !message.message) return null;
  const isGroup = baileys.isJidGroup(key.remoteJid) === true;
  const from = tryParseAddress(key.remoteJid);
  if (!isGroup && from === null) return null;
  const content = baileys.normalizeMessageContent(message.message);
  const kind = content ? baileys.getContentType(content) : undefined;
  if (!content || kind === undefined || housekeeping.has(kind)) return null;

  const alt = key.remoteJidAlt ? tryParseAddress(key.remoteJidAlt) : null;
  const both = isGroup ? [] : [from, alt].filter((address) => address !== null);
  const type = kinds[kind] ?? kind;
  return {
    waMessageId: key.id,
    jid: from?.jid ?? key.remoteJid,
    altJid: isGroup ? null : (alt?.jid ?? null),
    phone: both.find(({ phone }) => phone !== null)?.phone ?? null,
    lid: both.find(({ phone }) => phone === null)?.jid ?? null,
    type,
    content: type === "text" ? { body: textOf(content) } : {},
    pushName: message.pushName || null,
    atMs: Number(message.messageTimestamp ?? 0) * 1000,
    delayed,
  };
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
