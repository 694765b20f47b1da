import { createHash } from "node:crypto";
import { normalizeMessageContent, proto, unpadRandomMax16, writeRandomPadMax16 } from "@whiskeysockets/baileys";
import { detailsOf, type MessageDetails, pollIn } from "./message-details.ts";

/** What a phone makes of a decrypted message. */
export interface MessageContent {
  /** Kind of content (`text`, `image`, `reaction`, `edit`, `protocol`, …). */
  readonly kind: string;
  /** Text or caption. */
  readonly text: string | null;
  /** Hex SHA-256 of the text. */
  readonly textSha256: string | null;
  readonly details: MessageDetails;
  /** For a copy of the own account's message: the JID of the chat it was sent to. */
  readonly destination: string | undefined;
  /** The message without wrappers. */
  readonly message: proto.IMessage;
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
  liveLocationMessage: "location",
  contactMessage: "contact",
  contactsArrayMessage: "contact",
  reactionMessage: "reaction",
  protocolMessage: "protocol",
  pollCreationMessage: "poll",
  pollCreationMessageV2: "poll",
  pollCreationMessageV3: "poll",
  pollUpdateMessage: "vote",
  groupInviteMessage: "invite",
};
const { REVOKE, MESSAGE_EDIT } = proto.Message.ProtocolMessage.Type;

/** Decodes a decrypted, padded message. Throws when it is not one. */
export function decodeMessage(padded: Uint8Array): proto.IMessage {
  return proto.Message.decode(unpadRandomMax16(padded));
}

/** What a message says, from inside all its wrappers. */
export function contentOf(outer: proto.IMessage): MessageContent {
  const sentByOwnDevice = outer.deviceSentMessage;
  const wrapped = sentByOwnDevice?.message ?? outer;
  const message = normalizeMessageContent(wrapped) ?? {};
  const viewOnce = Boolean(wrapped.viewOnceMessage ?? wrapped.viewOnceMessageV2 ?? wrapped.viewOnceMessageV2Extension);
  const text = textIn(message);
  return {
    kind: kindOf(message),
    text,
    textSha256: text === null ? null : createHash("sha256").update(text).digest("hex"),
    details: detailsOf(message, viewOnce || isViewOnce(message)),
    destination: sentByOwnDevice?.destinationJid ?? undefined,
    message,
  };
}

/** True when a message says something to a person, and is not only keys for what follows. */
export function saysSomething(message: proto.IMessage): boolean {
  return Object.keys(message).some((key) => key !== "senderKeyDistributionMessage" && key !== "messageContextInfo");
}

/** A message as plaintext for encryption: encoded and padded with 1 to 16 bytes. */
export function writeMessage(message: proto.IMessage): Buffer {
  return Buffer.from(writeRandomPadMax16(proto.Message.encode(proto.Message.fromObject(message)).finish()));
}

function kindOf(message: proto.IMessage): string {
  const { protocolMessage, audioMessage } = message;
  if (protocolMessage?.type === MESSAGE_EDIT) return "edit";
  // REVOKE is 0, which a sender may leave out.
  if (protocolMessage?.key && (protocolMessage.type ?? REVOKE) === REVOKE) return "delete";
  if (audioMessage?.ptt) return "voice";
  const field = (Object.keys(KINDS) as (keyof proto.IMessage)[]).find((key) => message[key] != null);
  return (field && KINDS[field]) ?? "other";
}

function isViewOnce(message: proto.IMessage): boolean {
  const { imageMessage, videoMessage, audioMessage } = message;
  return Boolean(imageMessage?.viewOnce ?? videoMessage?.viewOnce ?? audioMessage?.viewOnce);
}

function textIn(message: proto.IMessage): string | null {
  const edited = message.protocolMessage?.editedMessage;
  if (edited) return textIn(normalizeMessageContent(edited) ?? {});
  return (
    message.conversation ??
    message.extendedTextMessage?.text ??
    message.imageMessage?.caption ??
    message.videoMessage?.caption ??
    message.documentMessage?.caption ??
    message.reactionMessage?.text ??
    message.locationMessage?.name ??
    message.contactMessage?.displayName ??
    pollIn(message)?.name ??
    null
  );
}
