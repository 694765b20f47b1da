import type { MessageDetails } from "./message-details.ts";

/** How far a message got, from its writer's view. */
export type ChatStatus = "sent" | "delivered" | "read";

/** One line of a chat as the person sees it on the phone. */
export interface ChatMessage {
  readonly id: string;
  /** The other number of the chat, or the JID of a group. */
  readonly chat: string;
  /** The number that wrote it. */
  readonly author: string;
  readonly from_me: boolean;
  readonly kind: string;
  text: string | null;
  readonly at: string;
  status: ChatStatus;
  readonly details?: MessageDetails | undefined;
  edited?: boolean;
  /** Deleted for everyone: the text is gone. */
  deleted?: boolean;
  /** Emoji by the number that reacted. */
  reactions?: Record<string, string>;
  /** Chosen options of this poll by the number that voted. */
  votes?: Record<string, string[]>;
}

/** One row of the chat list. */
export interface ChatSummary {
  readonly chat: string;
  readonly messages: number;
  readonly unread: number;
  readonly last: ChatMessage;
}

const RANK: Record<ChatStatus, number> = { sent: 0, delivered: 1, read: 2 };

/** What phones show. Bounded over all phones together: the oldest lines are forgotten first. */
export class ChatLog {
  readonly #capacity: number;
  /** Lines of each phone by message id, oldest first. */
  readonly #byPhone = new Map<string, Map<string, ChatMessage>>();
  /** Phones in the order of their lines; the head is whose line to forget next. */
  #order: string[] = [];
  #forgotten = 0;

  /** `capacity`: lines kept over all phones. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Adds a line; an id that the phone already shows changes nothing. */
  add(phone: string, message: ChatMessage): void {
    let lines = this.#byPhone.get(phone);
    if (!lines) this.#byPhone.set(phone, (lines = new Map()));
    if (lines.has(message.id)) return;
    lines.set(message.id, message);
    this.#order.push(phone);
    if (this.#order.length - this.#forgotten > this.#capacity) this.#forgetOldest();
  }

  /** Raises the status of a line; it never falls. Unknown ids are ignored. */
  raise(phone: string, id: string, status: ChatStatus): void {
    const line = this.find(phone, id);
    if (line && RANK[status] > RANK[line.status]) line.status = status;
  }

  find(phone: string, id: string): ChatMessage | undefined {
    return this.#byPhone.get(phone)?.get(id);
  }

  /** The newest `limit` lines, oldest first, of one chat or of all. */
  messages(phone: string, filter: { chat?: string | undefined; limit: number }): ChatMessage[] {
    const lines = [...(this.#byPhone.get(phone)?.values() ?? [])];
    const chosen = filter.chat === undefined ? lines : lines.filter(({ chat }) => chat === filter.chat);
    return chosen.slice(-filter.limit);
  }

  /** Chats of a phone, the one with the newest line first. */
  chats(phone: string): ChatSummary[] {
    const summaries = new Map<string, ChatSummary>();
    for (const line of this.#byPhone.get(phone)?.values() ?? []) {
      const known = summaries.get(line.chat);
      const unread = !line.from_me && line.status !== "read" ? 1 : 0;
      summaries.delete(line.chat);
      summaries.set(line.chat, {
        chat: line.chat,
        messages: (known?.messages ?? 0) + 1,
        unread: (known?.unread ?? 0) + unread,
        last: line,
      });
    }
    return [...summaries.values()].toReversed();
  }

  clear(): void {
    this.#byPhone.clear();
    this.#order = [];
    this.#forgotten = 0;
  }

  #forgetOldest(): void {
    const phone = this.#order[this.#forgotten++] ?? "";
    const lines = this.#byPhone.get(phone);
    for (const id of lines?.keys() ?? []) {
      lines?.delete(id);
      break;
    }
    if (lines?.size === 0) this.#byPhone.delete(phone);
    if (this.#forgotten > this.#capacity) {
      this.#order = this.#order.slice(this.#forgotten);
      this.#forgotten = 0;
    }
  }
}
