import { randomBytes } from "node:crypto";
import type { proto } from "@whiskeysockets/baileys";
import { type DeviceAddress, type Envelope, isSharedChat, type Receipt } from "../envelope.ts";
import { personJid } from "../protocol/jid.ts";
import { RecentMap } from "../recent-map.ts";
import { contentOf, writeMessage } from "./message-content.ts";
import { NotOnWhatsAppError, type PhoneWorld } from "./phone-world.ts";
import { signalAddress } from "./signal-address.ts";
import type { SenderKeys } from "./sender-keys.ts";
import type { SignalStore } from "./signal-store.ts";

const RESENDABLE = 200;

/** A message on its way: where it goes and what its stanza says about it. */
interface Outgoing {
  readonly id: string;
  /** JID of the chat. */
  readonly chat: string;
  readonly message: proto.IMessage;
  readonly peer?: boolean;
  readonly groupCiphertext?: Buffer;
}

/** What a phone sends: encrypted for every device concerned, kept for a while to be sent again. */
export class Outbox {
  readonly #number: string;
  readonly #world: PhoneWorld;
  readonly #signal: SignalStore;
  readonly #senderKeys: SenderKeys;
  readonly #sent = new RecentMap<string, { message: proto.IMessage; to: string }>(RESENDABLE);
  /** By group: the devices that have the sender key in use. */
  readonly #keyHolders = new Map<string, Set<string>>();
  #writing: Promise<unknown> = Promise.resolve();

  constructor(of: { number: string; world: PhoneWorld; signal: SignalStore; senderKeys: SenderKeys }) {
    this.#number = of.number;
    this.#world = of.world;
    this.#signal = of.signal;
    this.#senderKeys = of.senderKeys;
  }

  /**
   * Sends to a number, a group or the status feed. Resolves to the message id once all copies are under way.
   * Throws NotOnWhatsAppError when there is nobody to send to.
   */
  async send(to: string, message: proto.IMessage): Promise<string> {
    const id = newMessageId();
    await this.#inTurn(() => this.#send(id, to, message));
    return id;
  }

  /** A message that this phone sent lately, without wrappers. */
  sent(id: string): proto.IMessage | undefined {
    const sent = this.#sent.get(id);
    return sent && contentOf(sent.message).message;
  }

  /** Sends messages of the account's own phone to one of its companions, about the account. */
  async tellCompanion(device: number, messages: readonly proto.IMessage[]): Promise<void> {
    const chat = personJid(this.#number, "pn");
    for (const message of messages) {
      await this.#inTurn(() =>
        this.#sendTo({ phone: this.#number, device }, { id: newMessageId(), chat, message, peer: true }),
      );
    }
  }

  /** A device could not decrypt a message: it gets it once more, in a fresh Signal session. */
  async sendAgain(receipt: Receipt): Promise<void> {
    const id = receipt.ids[0] ?? "";
    const sent = this.#sent.get(id);
    const bundle = sent && this.#world.takeBundle(receipt.from);
    if (!bundle) return;
    const chat = this.#chatOf(sent.to);
    await this.#inTurn(async () => {
      await this.#signal.openSession(signalAddress(receipt.from), bundle);
      await this.#sendTo(receipt.from, { id, chat, message: await this.#again(receipt, sent.message, chat) });
    });
  }

  async #again(receipt: Receipt, message: proto.IMessage, chat: string): Promise<proto.IMessage> {
    if (isSharedChat(chat)) return { ...message, ...(await this.#distribution(chat)) };
    return receipt.from.phone === this.#number ? ownCopy(chat, message) : message;
  }

  async #send(id: string, to: string, message: proto.IMessage): Promise<void> {
    const chat = this.#chatOf(to);
    const people = this.#peopleIn(to);
    this.#sent.set(id, { message, to });
    if (isSharedChat(chat)) return this.#sendShared({ id, chat, message }, people);
    for (const address of this.#devicesOf(people)) await this.#sendTo(address, { id, chat, message });
    if (to === this.#number) return;
    for (const address of this.#devicesOf([this.#number])) {
      await this.#sendTo(address, { id, chat, message: ownCopy(chat, message) });
    }
  }

  async #sendShared(outgoing: Outgoing, people: readonly string[]): Promise<void> {
    const { chat, message } = outgoing;
    const devices = this.#devicesOf([...new Set([...people, this.#number])]);
    const holders = this.#holdersAmong(chat, devices);
    const distribution = await this.#distribution(chat);
    const author = signalAddress({ phone: this.#number, device: 0 });
    const groupCiphertext = await this.#senderKeys.encrypt(chat, author, writeMessage(message));
    for (const address of devices) {
      const known = holders.has(signalAddress(address));
      holders.add(signalAddress(address));
      if (known) this.#world.carry(this.#envelope(address, { ...outgoing, groupCiphertext }), address);
      else await this.#sendTo(address, { ...outgoing, groupCiphertext }, distribution);
    }
  }

  /** Once somebody who has the key is gone, a new one is needed. */
  #holdersAmong(chat: string, devices: readonly DeviceAddress[]): Set<string> {
    const present = new Set(devices.map(signalAddress));
    let holders = this.#keyHolders.get(chat);
    if (!holders || [...holders].some((address) => !present.has(address))) {
      this.#senderKeys.forget(chat, signalAddress({ phone: this.#number, device: 0 }));
      this.#keyHolders.set(chat, (holders = new Set()));
    }
    return holders;
  }

  async #distribution(chat: string): Promise<proto.IMessage> {
    const author = signalAddress({ phone: this.#number, device: 0 });
    const axolotlSenderKeyDistributionMessage = await this.#senderKeys.distribution(chat, author);
    return { senderKeyDistributionMessage: { groupId: chat, axolotlSenderKeyDistributionMessage } };
  }

  /** Encrypts `plaintext`, by default the message itself, for one device. */
  async #sendTo(to: DeviceAddress, outgoing: Outgoing, plaintext = outgoing.message): Promise<void> {
    if (to.phone === this.#number && to.device === 0) return;
    const address = signalAddress(to);
    if (!this.#signal.hasSession(address)) {
      const bundle = this.#world.takeBundle(to);
      if (!bundle) return; // unlinked since its number was looked up
      await this.#signal.openSession(address, bundle);
    }
    const ciphertext = await this.#signal.encrypt(address, writeMessage(plaintext));
    this.#world.carry({ ...this.#envelope(to, outgoing), ciphertext }, to);
  }

  #envelope(to: DeviceAddress, { id, chat, message, peer = false, groupCiphertext }: Outgoing): Envelope {
    return {
      id,
      sender: { phone: this.#number, device: 0 },
      chat,
      ...stanzaFacts(message),
      groupCiphertext,
      t: Math.floor(this.#world.now().getTime() / 1000),
      notify: this.#world.nameOf(this.#number),
      ownCopy: to.phone === this.#number && !peer,
      peer,
    };
  }

  #chatOf(to: string): string {
    return isSharedChat(to) ? to : personJid(to, this.#world.addressing);
  }

  #peopleIn(to: string): string[] {
    if (to === "status@broadcast") {
      return this.#world.chats.chats(this.#number).flatMap(({ chat }) => (isSharedChat(chat) ? [] : [chat]));
    }
    if (isSharedChat(to)) {
      const members = this.#world.membersOf(to);
      if (members?.includes(this.#number)) return members;
      throw new NotOnWhatsAppError(`${this.#number} is not in the group ${to}`);
    }
    if (!this.#world.devicesOf(to)) throw new NotOnWhatsAppError(`${to} is not on WhatsApp`);
    return [to];
  }

  /** Devices of these people, without this phone itself. */
  #devicesOf(people: readonly string[]): DeviceAddress[] {
    return people
      .flatMap((phone) => (this.#world.devicesOf(phone) ?? []).map((device) => ({ phone, device })))
      .filter(({ phone, device }) => phone !== this.#number || device !== 0);
  }

  /** One message at a time, so that copies leave in the order they were written. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#writing.then(work);
    this.#writing = turn.catch(() => undefined); // the caller has the error; the next turn must not
    return turn;
  }
}

function ownCopy(destinationJid: string, message: proto.IMessage): proto.IMessage {
  return { deviceSentMessage: { destinationJid, message } };
}

function newMessageId(): string {
  return `3A${randomBytes(9).toString("hex").toUpperCase()}`;
}

/** What the stanza says in clear about its content. */
function stanzaFacts(message: proto.IMessage): Pick<Envelope, "type" | "edit" | "encAttrs"> {
  const { kind, details } = contentOf(message);
  const type = details.media
    ? "media"
    : kind === "reaction"
      ? "reaction"
      : kind === "poll" || kind === "vote"
        ? "poll"
        : "text";
  const edit = kind === "edit" ? "1" : kind === "delete" ? "7" : undefined;
  return { type, edit, encAttrs: details.media ? { mediatype: kind === "voice" ? "ptt" : kind } : {} };
}
