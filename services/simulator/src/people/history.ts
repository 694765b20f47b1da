import { proto } from "@whiskeysockets/baileys";
import { isSharedChat } from "../envelope.ts";
import { type Addressing, personJid } from "../protocol/jid.ts";
import type { ChatMessage } from "./chat-log.ts";

/** One message of a chat's past. */
interface PastMessage {
  readonly id: string;
  readonly fromMe: boolean;
  readonly author: string;
  readonly text: string;
  /** Seconds since 1970. */
  readonly at: number;
}

const MINUTE = 60;
const READ = proto.WebMessageInfo.Status.READ;
const CHATS_A_CHUNK = 25;

/** How much past a phone makes up for devices linked to it, beside what its screen really shows. */
export interface InventedPast {
  readonly chats: number;
  readonly messages: number;
}

/**
 * The chats of a phone as a newly linked device gets them, in chunks of 25 chats: those on its screen first, then
 * invented ones with numbers `1555010….`. `now`: seconds since 1970.
 */
export function historyChunks(
  phone: string,
  lines: readonly ChatMessage[],
  invented: InventedPast,
  addressing: Addressing,
  now: number,
): proto.IConversation[][] {
  const chats = new Map<string, PastMessage[]>();
  for (const line of lines) {
    if (line.text === null) continue;
    const past = {
      id: line.id,
      fromMe: line.from_me,
      author: line.author,
      text: line.text,
      at: Date.parse(line.at) / 1000,
    };
    chats.set(line.chat, [...(chats.get(line.chat) ?? []), past]);
  }
  for (let chat = 0; chat < invented.chats; chat++) {
    const other = `1555010${String(chat).padStart(4, "0")}`;
    chats.set(other, inventedMessages(phone, other, invented.messages, now - chat * MINUTE));
  }
  const conversations = [...chats].map(([chat, messages]) => conversation(chat, messages, addressing));
  const chunks: proto.IConversation[][] = [];
  for (let start = 0; start < conversations.length; start += CHATS_A_CHUNK) {
    chunks.push(conversations.slice(start, start + CHATS_A_CHUNK));
  }
  return chunks;
}

function inventedMessages(phone: string, other: string, count: number, until: number): PastMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `HIST${phone.slice(-4)}${other}${index}`,
    fromMe: index % 2 === 1,
    author: index % 2 === 1 ? phone : other,
    text: `Message ${index + 1} of ${count}`,
    at: until - (count - index) * MINUTE,
  }));
}

function conversation(chat: string, messages: readonly PastMessage[], addressing: Addressing): proto.IConversation {
  const shared = isSharedChat(chat);
  const id = shared ? chat : personJid(chat, addressing);
  const newestFirst = messages.toReversed().map(({ id: messageId, fromMe, author, text, at }) => ({
    message: {
      key: {
        remoteJid: id,
        fromMe,
        id: messageId,
        ...(shared && !fromMe ? { participant: personJid(author, addressing) } : {}),
      },
      message: { conversation: text },
      messageTimestamp: Math.floor(at),
      status: READ,
    },
  }));
  return {
    id,
    messages: newestFirst,
    conversationTimestamp: Math.floor(messages.at(-1)?.at ?? 0),
    ...(shared ? {} : { pnJid: personJid(chat, "pn"), lidJid: personJid(chat, "lid") }),
  };
}
