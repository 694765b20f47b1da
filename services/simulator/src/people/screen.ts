import type { proto } from "@whiskeysockets/baileys";
import type { ChatMessage } from "./chat-log.ts";
import type { MessageContent } from "./message-content.ts";
import type { PhoneWorld } from "./phone-world.ts";
import { readVote } from "./poll-vote.ts";
import { downloadOutcome } from "../media/download-outcome.ts";

/** Where a message stands: its id, the chat (number or group) and the number that wrote it. */
export interface Place {
  readonly id: string;
  readonly chat: string;
  readonly author: string;
}

/** What the person sees: new lines, and older ones that were edited, deleted, reacted to or voted on. */
export class Screen {
  readonly #number: string;
  readonly #world: PhoneWorld;
  readonly #find: (id: string) => proto.IMessage | undefined;

  /** `find` gives older messages of this phone, for the secrets of polls. */
  constructor(number: string, world: PhoneWorld, find: (id: string) => proto.IMessage | undefined) {
    this.#number = number;
    this.#world = world;
    this.#find = find;
  }

  /** Shows a message; an id that is on the screen already changes nothing. */
  show(place: Place, content: MessageContent): void {
    const target = content.details.target;
    const line = target === undefined ? undefined : this.#world.chats.find(this.#number, target);
    switch (content.kind) {
      case "edit":
        if (line?.author === place.author) Object.assign(line, { text: content.text, edited: true });
        return;
      case "delete":
        if (line) Object.assign(line, { text: null, deleted: true });
        return;
      case "reaction":
        if (line) line.reactions = withReaction(line, place.author, content.text);
        return;
      case "vote":
        if (line) line.votes = { ...line.votes, [place.author]: this.#vote(place, line, content) ?? [] };
        return;
      case "protocol":
        return;
      default:
        this.#add(place, content);
    }
  }

  #add({ id, chat, author }: Place, content: MessageContent): void {
    if (this.#world.chats.find(this.#number, id)) return;
    const own = author === this.#number;
    const { media } = content.details;
    const download = own || !media ? undefined : downloadOutcome(this.#world.media, content.message);
    const details = media && download ? { ...content.details, media: { ...media, download } } : content.details;
    this.#world.chats.add(this.#number, {
      id,
      chat,
      author,
      from_me: own,
      kind: content.kind,
      text: content.text,
      at: this.#world.now().toISOString(),
      status: own ? "sent" : "delivered",
      details: Object.keys(details).length > 0 ? details : undefined,
    });
  }

  #vote(place: Place, poll: ChatMessage, { message }: MessageContent): string[] | undefined {
    const asked = this.#find(poll.id);
    if (!asked || !message.pollUpdateMessage) return undefined;
    const context = { pollId: poll.id, poll: asked, creator: poll.author, voter: place.author };
    return readVote(message.pollUpdateMessage, context);
  }
}

function withReaction(line: ChatMessage, author: string, emoji: string | null): Record<string, string> {
  const { [author]: _before, ...others } = line.reactions ?? {};
  return emoji ? { ...others, [author]: emoji } : others; // an empty reaction takes the old one back
}
