import { randomBytes } from "node:crypto";
import type { proto } from "@whiskeysockets/baileys";
import type { Logger } from "pino";
import type { DeviceAddress, Envelope, Receipt } from "../envelope.ts";
import type { Ledger, LedgerRow } from "../ledger.ts";
import { type Addressing, personJid, tryParsePersonJid } from "../protocol/jid.ts";
import { node, uintBytes } from "../protocol/node.ts";
import { RecentMap } from "../recent-map.ts";
import type { Scheduler } from "../scheduler.ts";
import { answerTo } from "./answer.ts";
import type { Behaviour } from "./behaviour.ts";
import type { ChatLog } from "./chat-log.ts";
import { type MessageContent, readMessage, writeMessage } from "./message-content.ts";
import { signalAddress } from "./signal-address.ts";
import { type KeyBundle, SignalStore } from "./signal-store.ts";

/** What a phone asks of the network around it. */
export interface PhoneWorld {
  readonly secret: Uint8Array;
  readonly addressing: Addressing;
  /** Decides what is left to chance. */
  readonly seed: number;
  readonly ledger: Ledger;
  readonly chats: ChatLog;
  readonly scheduler: Scheduler;
  readonly logger: Logger;
  now(): Date;
  behaviourOf(phone: string): Behaviour;
  nameOf(phone: string): string;
  /** Devices of a number, the phone (0) first; undefined when the number is not on WhatsApp. */
  devicesOf(phone: string): number[] | undefined;
  /** Whether a client is linked to this number. */
  isLinked(phone: string): boolean;
  /** Keys to open a Signal session with a device; a one-time key in it is used up. */
  takeBundle(address: DeviceAddress): KeyBundle | undefined;
  carry(envelope: Envelope, to: DeviceAddress): void;
  carryReceipt(receipt: Receipt): void;
  changed(phone: string): void;
}

/** A person can only write to numbers that are on WhatsApp. */
export class NotOnWhatsAppError extends Error {
  override name = "NotOnWhatsAppError";
}

const RESENDABLE = 200;

/**
 * The phone of one number and the person who holds it.
 * It is a contact for everybody, and the primary device (number 0) of an account once a companion is linked to it.
 * Messages to it are really decrypted; the network around it never sees a text.
 */
export class Phone {
  readonly number: string;
  readonly signal: SignalStore;
  readonly #world: PhoneWorld;
  readonly #sent = new RecentMap<string, { message: proto.IMessage; to: string }>(RESENDABLE);
  #failedDecryptions = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(number: string, world: PhoneWorld) {
    this.number = number;
    this.#world = world;
    this.signal = new SignalStore(world.secret, number, () => world.changed(number));
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
      if (known) this.#react(envelope, behaviour, undefined, null);
      else this.#askAgain(envelope, row);
      return;
    }
    if (known) {
      this.#react(envelope, behaviour, undefined, null);
      return;
    }
    this.#world.ledger.shown(row, content.kind, content.textSha256);
    this.#world.chats.add(this.number, {
      id,
      chat: sender.phone,
      from_me: false,
      kind: content.kind,
      text: content.text,
      at: this.#world.now().toISOString(),
      status: "delivered",
    });
    this.#react(envelope, behaviour, row.arrival, content.text);
  }

  /** A message of this phone was delivered, read, or could not be decrypted by `receipt.from`. */
  async receiveReceipt(receipt: Receipt): Promise<void> {
    if (receipt.type === "retry") return this.#sendAgain(receipt);
    const status = receipt.type === "read" || receipt.type === "played" ? "read" : "delivered";
    if (receipt.type !== undefined && status !== "read") return;
    for (const id of receipt.ids) this.#world.chats.raise(this.number, id, status);
  }

  /** The person writes a text to a number. Resolves to the message id once all copies are under way. */
  async write(to: string, text: string): Promise<string> {
    const id = `3A${randomBytes(9).toString("hex").toUpperCase()}`;
    await this.#inTurn(() => this.#send(id, to, { conversation: text }));
    this.#world.chats.add(this.number, {
      id,
      chat: to,
      from_me: true,
      kind: "text",
      text,
      at: this.#world.now().toISOString(),
      status: "sent",
    });
    return id;
  }

  /** The person opens a chat: its messages are read. Returns how many were unread. */
  read(chat: string): number {
    const unread = this.#world.chats
      .messages(this.number, { chat, limit: RESENDABLE })
      .filter((line) => !line.from_me && line.status !== "read");
    for (const line of unread) {
      this.#world.chats.raise(this.number, line.id, "read");
      const devices = this.#world.devicesOf(chat) ?? [];
      const chatJid = personJid(this.number, this.#world.addressing);
      for (const device of devices) {
        this.#receipt([line.id], { phone: chat, device }, chatJid, "read");
      }
    }
    return unread.length;
  }

  /** Sends messages of the account's own phone to one of its companions, about the account. */
  async tellCompanion(device: number, messages: readonly proto.IMessage[]): Promise<void> {
    for (const message of messages) {
      const id = `3A${randomBytes(9).toString("hex").toUpperCase()}`;
      const to = { phone: this.number, device };
      await this.#inTurn(() => this.#sendTo(to, id, message, { chat: personJid(this.number, "pn"), peer: true }));
    }
  }

  async #receiveOwn(envelope: Envelope): Promise<void> {
    let content: MessageContent;
    try {
      content = readMessage(await this.signal.decrypt(signalAddress(envelope.sender), envelope.ciphertext));
    } catch (error) {
      if (envelope.peer) return;
      this.#world.logger.debug({ error, phone: this.number }, "A copy of an own message does not decrypt");
      if (this.#world.chats.find(this.number, envelope.id))
        this.#receipt([envelope.id], envelope.sender, envelope.chat, "sender");
      else this.#requestRetry(envelope, 1);
      return;
    }
    if (envelope.peer) return;
    if (!this.#world.chats.find(this.number, envelope.id)) {
      this.#world.chats.add(this.number, {
        id: envelope.id,
        chat: tryParsePersonJid(content.destination ?? envelope.chat)?.phone ?? envelope.chat,
        from_me: true,
        kind: content.kind,
        text: content.text,
        at: this.#world.now().toISOString(),
        status: "sent",
      });
    }
    this.#receipt([envelope.id], envelope.sender, envelope.chat, "sender");
  }

  async #decrypt(envelope: Envelope, behaviour: Behaviour, row: LedgerRow): Promise<MessageContent | undefined> {
    const failsByRule = row.failed_decryptions === 0 && this.#failedDecryptions < behaviour.fail_decryptions;
    if (failsByRule && row.visible_copies === 0) {
      this.#failedDecryptions += 1;
      return undefined;
    }
    try {
      return readMessage(await this.signal.decrypt(signalAddress(envelope.sender), envelope.ciphertext));
    } catch (error) {
      this.#world.logger.debug({ error, phone: this.number }, "A message does not decrypt");
      return undefined;
    }
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
        await this.write(sender.phone, answer.text);
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

  async #send(id: string, to: string, message: proto.IMessage): Promise<void> {
    const devices = this.#world.devicesOf(to);
    if (!devices) throw new NotOnWhatsAppError(`${to} is not on WhatsApp`);
    this.#sent.set(id, { message, to });
    const chat = personJid(to, this.#world.addressing);
    for (const device of devices) await this.#sendTo({ phone: to, device }, id, message, { chat, peer: false });
    const copy = { deviceSentMessage: { destinationJid: chat, message } };
    for (const device of this.#world.devicesOf(this.number) ?? []) {
      if (device !== 0) await this.#sendTo({ phone: this.number, device }, id, copy, { chat, peer: false });
    }
  }

  async #sendTo(
    to: DeviceAddress,
    id: string,
    message: proto.IMessage,
    { chat, peer }: { chat: string; peer: boolean },
  ): Promise<void> {
    if (to.phone === this.number && to.device === 0) return;
    const address = signalAddress(to);
    if (!this.signal.hasSession(address)) {
      const bundle = this.#world.takeBundle(to);
      if (!bundle) return; // unlinked since its number was looked up
      await this.signal.openSession(address, bundle);
    }
    const ciphertext = await this.signal.encrypt(address, writeMessage(message));
    const envelope: Envelope = {
      id,
      sender: { phone: this.number, device: 0 },
      chat,
      type: "text",
      ciphertext,
      encAttrs: {},
      t: Math.floor(this.#world.now().getTime() / 1000),
      notify: this.#world.nameOf(this.number),
      ownCopy: to.phone === this.number && !peer,
      peer,
    };
    this.#world.carry(envelope, to);
  }

  async #sendAgain(receipt: Receipt): Promise<void> {
    const sent = this.#sent.get(receipt.ids[0] ?? "");
    const bundle = sent && this.#world.takeBundle(receipt.from);
    if (!bundle) return;
    const own = receipt.from.phone === this.number;
    const chat = personJid(sent.to, this.#world.addressing);
    const message = own ? { deviceSentMessage: { destinationJid: chat, message: sent.message } } : sent.message;
    await this.#inTurn(async () => {
      await this.signal.openSession(signalAddress(receipt.from), bundle);
      await this.#sendTo(receipt.from, receipt.ids[0] ?? "", message, { chat, peer: false });
    });
  }

  /** One message at a time, so that copies leave in the order they were written. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#writing.then(work);
    this.#writing = turn.catch(() => undefined); // the caller has the error; the next turn must not
    return turn;
  }
}
