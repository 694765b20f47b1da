import type { proto } from "@whiskeysockets/baileys";
import { tryParsePersonJid } from "../protocol/jid.ts";

/** A file that came with a message. */
export interface MediaDetails {
  readonly mimetype: string;
  readonly bytes: number;
  readonly file_name?: string | undefined;
  /** Hex SHA-256 of the file as the sender announced it. */
  readonly sha256: string;
  /** What the phone's own download gave: `intact`, `damaged` (not what was announced), or `missing` at the server. */
  download?: "intact" | "damaged" | "missing";
}

/** What is worth knowing of a message beside its text; a field is there only when it says something. */
export interface MessageDetails {
  readonly view_once?: true;
  readonly forwarded?: true;
  /** Id of the message that it answers. */
  readonly quoted?: string;
  /** Numbers mentioned. */
  readonly mentions?: string[];
  readonly media?: MediaDetails;
  readonly location?: { readonly latitude: number; readonly longitude: number };
  /** Names on contact cards, or the options of a poll. */
  readonly names?: string[];
  /** Id of the message that is reacted to, edited, deleted or voted on. */
  readonly target?: string;
}

/** Details of a message without its wrappers; `viewOnce`: it came in a view-once wrapper. */
export function detailsOf(message: proto.IMessage, viewOnce: boolean): MessageDetails {
  const context = contextOf(message);
  const media = mediaOf(message);
  const { locationMessage: location } = message;
  const names = namesIn(message);
  const target = targetOf(message);
  const mentions = (context?.mentionedJid ?? []).flatMap((jid) => tryParsePersonJid(jid)?.phone ?? []);
  return {
    ...(viewOnce ? { view_once: true as const } : {}),
    ...(context?.isForwarded ? { forwarded: true as const } : {}),
    ...(context?.stanzaId ? { quoted: context.stanzaId } : {}),
    ...(mentions.length > 0 ? { mentions } : {}),
    ...(media ? { media } : {}),
    ...(location
      ? { location: { latitude: location.degreesLatitude ?? 0, longitude: location.degreesLongitude ?? 0 } }
      : {}),
    ...(names ? { names } : {}),
    ...(target ? { target } : {}),
  };
}

type MediaMessage =
  | proto.Message.IImageMessage
  | proto.Message.IVideoMessage
  | proto.Message.IAudioMessage
  | proto.Message.IDocumentMessage
  | proto.Message.IStickerMessage;

/** The part of a message that points to a file, with the name of its key derivation; undefined without a file. */
export function mediaPart(message: proto.IMessage): { kind: MediaKind; part: MediaMessage } | undefined {
  const { imageMessage, videoMessage, audioMessage, documentMessage, stickerMessage } = message;
  if (imageMessage) return { kind: "image", part: imageMessage };
  if (videoMessage) return { kind: "video", part: videoMessage };
  if (audioMessage) return { kind: "audio", part: audioMessage };
  if (documentMessage) return { kind: "document", part: documentMessage };
  if (stickerMessage) return { kind: "sticker", part: stickerMessage };
  return undefined;
}

/** Kinds of files that messages carry. */
export type MediaKind = "image" | "video" | "audio" | "document" | "sticker";

function mediaOf(message: proto.IMessage): MediaDetails | undefined {
  const part = mediaPart(message)?.part;
  if (!part) return undefined;
  return {
    mimetype: part.mimetype ?? "",
    bytes: Number(part.fileLength ?? 0),
    ...("fileName" in part && part.fileName ? { file_name: part.fileName } : {}),
    sha256: Buffer.from(part.fileSha256 ?? []).toString("hex"),
  };
}

function contextOf(message: proto.IMessage): proto.IContextInfo | null | undefined {
  for (const part of Object.values(message) as unknown[]) {
    if (typeof part !== "object" || part === null || !("contextInfo" in part)) continue;
    const context = (part as { contextInfo?: proto.IContextInfo | null }).contextInfo;
    if (context) return context;
  }
  return undefined;
}

function namesIn(message: proto.IMessage): string[] | undefined {
  const { contactMessage, contactsArrayMessage } = message;
  if (contactMessage) return [contactMessage.displayName ?? ""];
  if (contactsArrayMessage) return (contactsArrayMessage.contacts ?? []).map(({ displayName }) => displayName ?? "");
  return pollIn(message)?.options?.map(({ optionName }) => optionName ?? "");
}

/** The poll that a message asks, in whichever version of the field. */
export function pollIn(message: proto.IMessage): proto.Message.IPollCreationMessage | null | undefined {
  return message.pollCreationMessage ?? message.pollCreationMessageV2 ?? message.pollCreationMessageV3;
}

function targetOf(message: proto.IMessage): string | null | undefined {
  return (
    message.reactionMessage?.key?.id ??
    message.protocolMessage?.key?.id ??
    message.pollUpdateMessage?.pollCreationMessageKey?.id
  );
}
