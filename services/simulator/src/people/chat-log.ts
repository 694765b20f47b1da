/** How far a message got, from its writer's view. */
export type ChatStatus = "sent" | "delivered" | "read";

/** One line of a chat as the person sees it on the phone. */
export interface ChatMessage {
  readonly id: string;
  /** The other number of the chat. */
  readonly chat: string;
  readonly from_me: boolean;
  readonly kind: string;
  readonly text: string | null;
  readonly at: string;
  status: ChatStatus;
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
  readonly #byPhone = new Map<string, ChatMessage[]>();
  /** Phones in the order of their lines; the head is whose line to forget next. */
  #order: string[] = [];
  #forgotten = 0;

  /** `capacity`: lines kept over all phones. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(phone: string, message: ChatMessage): void {
    const lines = this.#byPhone.get(phone);
    if (lines) lines.push(message);
    else this.#byPhone.set(phone, [message]);
    this.#order.push(phone);
    if (this.#order.length - this.#forgotten > this.#capacity) this.#forgetOldest();
  }

  /** Raises the status of a line; it never falls. Unknown ids are ignored. */
  raise(phone: string, id: string, status: ChatStatus): void {
    const line = this.find(phone, id);
    if (line && RANK[status] > RANK[line.status]) line.status = status;
  }

  find(phone: string, id: string): ChatMessage | undefined {
    return this.#byPhone.get(phone)?.findLast((line) => line.id === id);
  }

  /** The newest `limit` lines, oldest first, of one chat or of all. */
  messages(phone: string, filter: { chat?: string | undefined; limit: number }): ChatMessage[] {
    const lines = this.#byPhone.get(phone) ?? [];
    const chosen = filter.chat === undefined ? lines : lines.filter(({ chat }) => chat === filter.chat);
    return chosen.slice(-filter.limit);
  }

  /** Chats of a phone, the one with the newest line first. */
  chats(phone: string): ChatSummary[] {
    const summaries = new Map<string, { messages: number; unread: number; last: ChatMessage }>();
    for (const line of this.#byPhone.get(phone) ?? []) {
      const known = summaries.get(line.chat);
      const unread = !line.from_me && line.status !== "read" ? 1 : 0;
      summaries.delete(line.chat);
      summaries.set(line.chat, {
        messages: (known?.messages ?? 0) + 1,
        unread: (known?.unread ?? 0) + unread,
        last: line,
      });
    }
    return [...summaries].map(([chat, summary]) => Object.assign({ chat }, summary)).toReversed();
  }

  clear(): void {
    this.#byPhone.clear();
    this.#order = [];
    this.#forgotten = 0;
  }

  #forgetOldest(): void {
    const phone = this.#order[this.#forgotten++] ?? "";
    const lines = this.#byPhone.get(phone);
    lines?.shift();
    if (lines?.length === 0) this.#byPhone.delete(phone);
    if (this.#forgotten > this.#capacity) {
      this.#order = this.#order.slice(this.#forgotten);
      this.#forgotten = 0;
    }
  }
}
