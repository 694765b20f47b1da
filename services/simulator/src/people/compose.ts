import { randomBytes } from "node:crypto";
import { proto } from "@whiskeysockets/baileys";
import { encryptFile } from "../media/media-cipher.ts";
import { isSharedChat } from "../envelope.ts";
import { type Addressing, personJid } from "../protocol/jid.ts";
import type { ChatMessage } from "./chat-log.ts";
import { mediaPart, pollIn } from "./message-details.ts";
import type { PersonContent } from "./person-content.ts";
import { writeVote } from "./poll-vote.ts";
import { sampleFiles } from "./sample-files.ts";

/** What composing needs to know of the person, the chat and the media server. */
export interface ComposeContext {
  readonly author: string;
  /** Number, group or status feed that the message goes to. */
  readonly to: string;
  readonly addressing: Addressing;
  /** Keeps an encrypted file; where readers find it. */
  upload(ciphertext: Buffer): { url: string; directPath: string };
  /** A line on the person's screen. */
  line(id: string): ChatMessage | undefined;
  /** A message as it was sent or received, if the phone still has it. */
  find(id: string): proto.IMessage | undefined;
  now(): Date;
}

/** The person names a message that the phone does not show, or no longer has. */
export class UnknownMessageError extends Error {
  override name = "UnknownMessageError";
}

const { REVOKE, MESSAGE_EDIT } = proto.Message.ProtocolMessage.Type;

/** The message that a phone makes of what the person wants to send. Throws UnknownMessageError. */
export function compose(content: PersonContent, context: ComposeContext): proto.IMessage {
  switch (content.type) {
    case "text":
      return composeText(content, context);
    case "image":
    case "video":
    case "audio":
    case "voice":
    case "sticker":
    case "document":
      return composeFile(content, context);
    case "location":
      return {
        locationMessage: {
          degreesLatitude: content.latitude,
          degreesLongitude: content.longitude,
          name: content.name ?? null,
        },
      };
    case "contact":
      return { contactMessage: { displayName: content.name, vcard: vcard(content.name, content.phone) } };
    case "poll": {
      const options = content.options.map((optionName) => ({ optionName }));
      return {
        messageContextInfo: { messageSecret: randomBytes(32) },
        pollCreationMessageV3: { name: content.name, options, selectableOptionsCount: content.select },
      };
    }
    case "vote":
      return composeVote(content, context);
    case "reaction":
      return {
        reactionMessage: { key: keyOf(content.message, context), text: content.emoji, senderTimestampMs: Date.now() },
      };
    case "edit": {
      const editedMessage = { conversation: content.text };
      const key = keyOf(content.message, context);
      return { protocolMessage: { key, type: MESSAGE_EDIT, editedMessage, timestampMs: context.now().getTime() } };
    }
    case "delete":
      return { protocolMessage: { key: keyOf(content.message, context), type: REVOKE } };
    case "forward":
      return composeForward(content.message, context);
    default:
      return content satisfies never;
  }
}

function composeText(content: PersonContent & { type: "text" }, context: ComposeContext): proto.IMessage {
  const { text, quote, mentions, preview } = content;
  if (quote === undefined && mentions === undefined && preview === undefined) return { conversation: text };
  const quoted = quote === undefined ? undefined : lineOf(quote, context);
  const contextInfo: proto.IContextInfo = {
    ...(quoted
      ? {
          stanzaId: quoted.id,
          participant: personJid(quoted.author, context.addressing),
          quotedMessage: context.find(quoted.id) ?? { conversation: quoted.text ?? "" },
        }
      : {}),
    mentionedJid: (mentions ?? []).map((phone) => personJid(phone, context.addressing)),
  };
  const link = preview ? { matchedText: preview.url, title: preview.title } : {};
  return { extendedTextMessage: { text, contextInfo, ...link } };
}

type FileContent = Extract<PersonContent, { data?: string | undefined }>;

function composeFile(content: FileContent, context: ComposeContext): proto.IMessage {
  const { type } = content;
  const sample = sampleFiles[type];
  const plain = Buffer.from(content.data ?? sample.data, "base64");
  const { ciphertext, ...file } = encryptFile(plain, type === "voice" ? "audio" : type);
  const mediaKeyTimestamp = Math.floor(context.now().getTime() / 1000);
  const mimetype = content.mimetype ?? sample.mimetype;
  const part = { ...file, ...context.upload(ciphertext), mimetype, mediaKeyTimestamp };
  switch (type) {
    case "image":
    case "video": {
      const shown = { ...part, caption: content.caption ?? null, viewOnce: content.view_once || null };
      const message = type === "image" ? { imageMessage: shown } : { videoMessage: shown };
      return content.view_once ? { viewOnceMessageV2: { message } } : message;
    }
    case "audio":
    case "voice":
      return { audioMessage: { ...part, ptt: type === "voice", seconds: 1 } };
    case "sticker":
      return { stickerMessage: part };
    case "document":
      return { documentMessage: { ...part, fileName: content.file_name, caption: content.caption ?? null } };
    default:
      return content satisfies never;
  }
}

function composeVote(content: PersonContent & { type: "vote" }, context: ComposeContext): proto.IMessage {
  const line = lineOf(content.message, context);
  const poll = context.find(content.message);
  if (!poll || !pollIn(poll)) throw new UnknownMessageError(`${content.message} is no poll that the phone still has`);
  const known = new Set(pollIn(poll)?.options?.map(({ optionName }) => optionName));
  const unknown = content.options.find((option) => !known.has(option));
  if (unknown !== undefined) throw new UnknownMessageError(`the poll has no option "${unknown}"`);
  const about = { pollId: line.id, poll, creator: line.author, voter: context.author };
  const vote = writeVote(content.options, context.addressing, about);
  const pollCreationMessageKey = keyOf(line.id, context);
  return { pollUpdateMessage: { pollCreationMessageKey, vote, senderTimestampMs: context.now().getTime() } };
}

function composeForward(id: string, context: ComposeContext): proto.IMessage {
  const line = lineOf(id, context);
  const contextInfo = { isForwarded: true, forwardingScore: 1 };
  const original = context.find(id);
  const media = original && mediaPart(original);
  if (original && media) {
    const field = Object.keys(original).find((key) => original[key as keyof proto.IMessage] === media.part) ?? "";
    return { [field]: { ...media.part, contextInfo } };
  }
  if (line.text === null) throw new UnknownMessageError(`${id} cannot be forwarded`);
  return { extendedTextMessage: { text: line.text, contextInfo } };
}

/** The key of a message from the writer's view, as clients expect it in reactions, edits and votes. */
function keyOf(id: string, context: ComposeContext): proto.IMessageKey {
  const line = lineOf(id, context);
  const shared = isSharedChat(context.to);
  return {
    remoteJid: shared ? context.to : personJid(context.to, context.addressing),
    fromMe: line.from_me,
    id,
    ...(shared ? { participant: personJid(line.author, context.addressing) } : {}),
  };
}

function lineOf(id: string, context: ComposeContext): ChatMessage {
  const line = context.line(id);
  if (!line) throw new UnknownMessageError(`the phone shows no message ${id}`);
  return line;
}

function vcard(name: string, phone: string): string {
  return `BEGIN:VCARD\nVERSION:3.0\nFN:${name}\nTEL;type=CELL;waid=${phone}:+${phone}\nEND:VCARD`;
}
