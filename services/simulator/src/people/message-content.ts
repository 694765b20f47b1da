import { createHash } from "node:crypto";
import { normalizeMessageContent, proto, unpadRandomMax16, writeRandomPadMax16 } from "@whiskeysockets/baileys";

/** What a phone makes of a decrypted message. */
export interface MessageContent {
  /** Kind of content (`text`, `image`, `reaction`, `protocol`, …). */
  readonly kind: string;
  /** Text or caption. */
  readonly text: string | null;
  /** Hex SHA-256 of the text. */
  readonly textSha256: string | null;
  /** For a copy of the own account's message: the JID of the chat it was sent to. */
  readonly destination: string | undefined;
}

const KINDS: Partial<Record<keyof proto.IMessage, string>> = {
  conversation: "text",
  extendedTextMessage: "text",
  imageMessage: "image",
  videoMessage: "video",
  audioMessage: "audio",
  documentMessage: "document",
  stickerMessage: "sticker",
  locationMessage: "location",
  contactMessage: "contact",
  contactsArrayMessage: "contact",
  reactionMessage: "reaction",
  protocolMessage: "protocol",
  pollCreationMessage: "poll",
  pollCreationMessageV3: "poll",
  pollUpdateMessage: "vote",
};

/** Reads a decrypted, padded message. Throws when it is not one. */
export function readMessage(padded: Uint8Array): MessageContent {
  const outer = proto.Message.decode(unpadRandomMax16(padded));
  const sentByOwnDevice = outer.deviceSentMessage;
  const message = normalizeMessageContent(sentByOwnDevice?.message ?? outer);
  const field = message && (Object.keys(KINDS) as (keyof proto.IMessage)[]).find((key) => message[key] != null);
  const text = message ? textIn(message) : null;
  return {
    kind: (field && KINDS[field]) ?? "other",
    text,
    textSha256: text === null ? null : createHash("sha256").update(text).digest("hex"),
    destination: sentByOwnDevice?.destinationJid ?? undefined,
  };
}

/** A message as plaintext for encryption: encoded and padded with 1 to 16 bytes. */
export function writeMessage(message: proto.IMessage): Buffer {
  return Buffer.from(writeRandomPadMax16(proto.Message.encode(proto.Message.fromObject(message)).finish()));
}

function textIn(message: proto.IMessage): string | null {
  return (
    message.conversation ??
    message.extendedTextMessage?.text ??
    message.imageMessage?.caption ??
    message.videoMessage?.caption ??
    message.documentMessage?.caption ??
    message.reactionMessage?.text ??
    message.pollCreationMessage?.name ??
    message.pollCreationMessageV3?.name ??
    null
  );
}
