import type { proto } from "@whiskeysockets/baileys";
import { type DeviceAddress, type Envelope, isSharedChat, type Receipt } from "../envelope.ts";
import type { LedgerRow } from "../ledger.ts";
import { personJid, tryParsePersonJid } from "../protocol/jid.ts";
import { node, uintBytes } from "../protocol/node.ts";
import { RecentMap } from "../recent-map.ts";
import { answerTo } from "./answer.ts";
import type { Behaviour } from "./behaviour.ts";
import { compose, type ComposeContext } from "./compose.ts";
import { contentOf, type MessageContent } from "./message-content.ts";
import { pollIn } from "./message-details.ts";
import { openMessage } from "./open-message.ts";
import { Outbox } from "./outbox.ts";
import type { PersonContent } from "./person-content.ts";
import type { PhoneWorld } from "./phone-world.ts";
import { Screen } from "./screen.ts";
import { SenderKeys } from "./sender-keys.ts";
import { SignalStore } from "./signal-store.ts";

const READ_AT_ONCE = 200;
const KEPT = 50;

/**
 * The phone of one number and the person who holds it.
 * It is a contact for everybody, and the primary device (number 0) of an account once a companion is linked to it.
 * Messages to it are really decrypted; the network around it never sees a text.
 */
export class Phone {
  readonly number: string;
  readonly signal: SignalStore;
  readonly senderKeys: SenderKeys;
  readonly #world: PhoneWorld;
  readonly #outbox: Outbox;
  readonly #screen: Screen;
  /** Polls and files received, which a vote or a forwarding needs again. */
  readonly #kept = new RecentMap<string, proto.IMessage>(KEPT);
  #failedDecryptions = 0;

  constructor(number: string, world: PhoneWorld) {
    this.number = number;
    this.#world = world;
    const changed = (): void => world.changed(number);
    this.signal = new SignalStore(world.secret, number, changed);
    this.senderKeys = new SenderKeys(changed);
    this.#outbox = new Outbox({ number, world, signal: this.signal, senderKeys: this.senderKeys });
    this.#screen = new Screen(number, world, (id) => this.find(id));
  }

  /** A copy of a message has reached this phone over the network. */
  async receive(envelope: Envelope): Promise<void> {
    const behaviour = this.#world.behaviourOf(this.number);
    if (envelope.peer || envelope.ownCopy) return this.#receiveOwn(envelope);
    if (!behaviour.delivers) return;
    const { id, sender } = envelope;
    if (behaviour.blocks_after !== null) {
      if (this.#world.ledger.arrivals(this.number, sender.phone) >= behaviour.blocks_after) return;
    }
    const row = this.#world.ledger.arrived(this.number, sender.phone, id, this.#world.now());
    if (behaviour.crypto === "blind") {
      const first = row.visible_copies === 0;
      if (first) this.#world.ledger.shown(row, null, null);
      this.#react(envelope, behaviour, first ? row.arrival : undefined, null);
      return;
    }
    const content = await this.#decrypt(envelope, behaviour, row);
    // A repeated id is dropped like real phones do, after decryption; it is confirmed again all the same.
    const known = row.visible_copies > 0;
    if (content === undefined) {
      row.undecryptable_copies += 1;
      if (known) this.#react(envelope, behaviour, undefined, null);
      else this.#askAgain(envelope, row);
      return;
    }
    if (known) {
      this.#react(envelope, behaviour, undefined, null);
      return;
    }
    this.#world.ledger.shown(row, content.kind, content.textSha256);
    this.#keep(id, content);
    this.#screen.show(
      { id, chat: isSharedChat(envelope.chat) ? envelope.chat : sender.phone, author: sender.phone },
      content,
    );
    this.#react(envelope, behaviour, row.arrival, content.text);
  }

  /** A message of this phone was delivered, read, or could not be decrypted by `receipt.from`. */
  async receiveReceipt(receipt: Receipt): Promise<void> {
    if (receipt.type === "retry") return this.#outbox.sendAgain(receipt);
    const status = receipt.type === "read" || receipt.type === "played" ? "read" : "delivered";
    if (receipt.type !== undefined && status !== "read") return;
    for (const id of receipt.ids) this.#world.chats.raise(this.number, id, status);
  }

  /**
   * The person writes to a number, a group or the status feed (`status@broadcast`), a text or any other message.
   * Resolves to the message id once all copies are under way. Throws NotOnWhatsAppError and UnknownMessageError.
   */
  async write(to: string, content: string | PersonContent): Promise<string> {
    const message = typeof content === "string" ? { conversation: content } : compose(content, this.#writing(to));
    const id = await this.#outbox.send(to, message);
    this.#screen.show({ id, chat: to, author: this.number }, contentOf(message));
    return id;
  }

  /** A message that the person could forward, vote on or react to: sent lately, or received with a file or a poll. */
  find(id: string): proto.IMessage | undefined {
    return this.#outbox.sent(id) ?? this.#kept.get(id);
  }

  /** The person opens a chat: its messages are read. Returns how many were unread. */
  read(chat: string): number {
    const unread = this.#world.chats
      .messages(this.number, { chat, limit: READ_AT_ONCE })
      .filter((line) => !line.from_me && line.status !== "read");
    for (const line of unread) {
      this.#world.chats.raise(this.number, line.id, "read");
      const chatJid = isSharedChat(chat) ? chat : personJid(this.number, this.#world.addressing);
      for (const device of this.#world.devicesOf(line.author) ?? []) {
        this.#receipt([line.id], { phone: line.author, device }, chatJid, "read");
      }
    }
    return unread.length;
  }

  /** Sends messages of the account's own phone to one of its companions, about the account. */
  async tellCompanion(device: number, messages: readonly proto.IMessage[]): Promise<void> {
    await this.#outbox.tellCompanion(device, messages);
  }

  #writing(to: string): ComposeContext {
    const world = this.#world;
    return {
      author: this.number,
      to,
      addressing: world.addressing,
      upload: (ciphertext) => {
        const directPath = world.media.put(ciphertext);
        return { url: `https://${world.mediaHostFor(to)}${directPath}`, directPath };
      },
      line: (id) => world.chats.find(this.number, id),
      find: (id) => this.find(id),
      now: () => world.now(),
    };
  }

  async #receiveOwn(envelope: Envelope): Promise<void> {
    const { id, sender, chat } = envelope;
    let content: MessageContent;
    try {
      content = contentOf(await openMessage(envelope, this.signal, this.senderKeys));
    } catch (error) {
      if (envelope.peer) return;
      this.#world.logger.debug({ error, phone: this.number }, "A copy of an own message does not decrypt");
      if (this.#world.chats.find(this.number, id)) this.#receipt([id], sender, chat, "sender");
      else this.#requestRetry(envelope, 1);
      return;
    }
    if (envelope.peer) return;
    this.#keep(id, content);
    const destination = content.destination ?? chat;
    const shown = tryParsePersonJid(destination)?.phone ?? destination;
    this.#screen.show({ id, chat: shown, author: this.number }, content);
    this.#receipt([id], sender, chat, "sender");
  }

  async #decrypt(envelope: Envelope, behaviour: Behaviour, row: LedgerRow): Promise<MessageContent | undefined> {
    const failsByRule = row.failed_decryptions === 0 && this.#failedDecryptions < behaviour.fail_decryptions;
    if (failsByRule && row.visible_copies === 0) {
      this.#failedDecryptions += 1;
      return undefined;
    }
    try {
      return contentOf(await openMessage(envelope, this.signal, this.senderKeys));
    } catch (error) {
      this.#world.logger.debug({ error, phone: this.number }, "A message does not decrypt");
      return undefined;
    }
  }

  #keep(id: string, { message, details }: MessageContent): void {
    if (details.media || pollIn(message)) this.#kept.set(id, message);
  }

  #askAgain(envelope: Envelope, row: LedgerRow): void {
    row.failed_decryptions += 1;
    this.#requestRetry(envelope, row.failed_decryptions);
  }

  #requestRetry(envelope: Envelope, count: number): void {
    const { id, t } = envelope;
    this.#receipt([id], envelope.sender, envelope.chat, "retry", [
      node("retry", { count: String(count), id, t: String(t), v: "1", error: "0" }),
      node("registration", {}, uintBytes(this.signal.registrationId, 4)),
    ]);
  }

  /** Receipts and answer. `turn` undefined: an id the person has seen already, so only delivery is confirmed again. */
  #react(envelope: Envelope, behaviour: Behaviour, turn: number | undefined, text: string | null): void {
    const { id, sender, chat } = envelope;
    const { scheduler, seed } = this.#world;
    scheduler.after(behaviour.delivered_after_ms, () => {
      this.#receipt([id], sender, chat);
      if (turn === undefined) return;
      const readsAfter = behaviour.reads_after_ms;
      if (readsAfter !== "never" && !this.#isLinked()) {
        scheduler.after(readsAfter, () => {
          this.#world.chats.raise(this.number, id, "read");
          this.#receipt([id], sender, chat, "read");
        });
      }
      const answer = answerTo(behaviour, { phone: this.number, text, turn, seed });
      if (!answer) return;
      scheduler.after(answer.afterMs, async () => {
        await this.write(isSharedChat(chat) ? chat : sender.phone, answer.text);
      });
    });
  }

  /** A linked account is read by whoever uses its companions, not by this robot. */
  #isLinked(): boolean {
    return this.#world.isLinked(this.number);
  }

  #receipt(ids: string[], to: DeviceAddress, chat: string, type?: string, content?: Receipt["content"]): void {
    const t = Math.floor(this.#world.now().getTime() / 1000);
    this.#world.carryReceipt({ ids, from: { phone: this.number, device: 0 }, to, type, chat, t, content });
  }
}
