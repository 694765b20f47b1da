import { randomBytes } from "node:crypto";
import type { proto } from "@whiskeysockets/baileys";
import { writeMessage } from "../../src/people/message-content.ts";
import { SenderKeys } from "../../src/people/sender-keys.ts";
import { signalAddress } from "../../src/people/signal-address.ts";
import { type Ciphertext, type KeyBundle, SignalStore } from "../../src/people/signal-store.ts";
import { encodeNode } from "../../src/protocol/encode-node.ts";
import { type KeyPair } from "../../src/protocol/keys.ts";
import { personJid, tryParsePersonJid } from "../../src/protocol/jid.ts";
import { type BinaryNode, bytesOf, child, children, node, uintOf } from "../../src/protocol/node.ts";
import { BareLink } from "./bare-link.ts";

/** What a message is waiting for. */
interface Pending {
  acked: () => void;
  delivered: () => void;
}

const TEXT = "a message of about a hundred bytes ".repeat(3);

/** A linked device that sends: real Signal sessions and sender keys, and the acks and receipts a client owes. */
export class BareDevice {
  readonly phone: string;
  readonly #signal = new SignalStore(randomBytes(32), "sender", () => undefined);
  readonly #senderKeys = new SenderKeys(() => undefined);
  readonly #pending = new Map<string, Pending>();
  /** Hears of every message that came from this number. */
  readonly heard = new Map<string, () => void>();
  #link!: BareLink;

  private constructor(phone: string) {
    this.phone = phone;
  }

  static async open(url: string, account: { phone: string; noise: KeyPair }): Promise<BareDevice> {
    const device = new BareDevice(account.phone);
    device.#link = await BareLink.open(url, { ...account, device: 1 }, (stanza) => void device.#receive(stanza));
    return device;
  }

  /** Looks the number up and opens a Signal session with its phone, as for a first message. */
  async meet(phone: string): Promise<void> {
    const jid = personJid(phone, "pn");
    if (phone !== this.phone) {
      const query = node("query", {}, [node("devices", { version: "2" }), node("lid")]);
      const list = node("list", {}, [node("user", { jid })]);
      await this.#link.query("get", "usync", node("usync", { mode: "query" }, [query, list]));
    }
    const answer = await this.#link.query("get", "encrypt", node("key", {}, [node("user", { jid })]));
    const user = child(children(answer)[0], "user");
    await this.#signal.openSession(signalAddress({ phone, device: 0 }), bundleIn(user));
  }

  /** A text to a number, encrypted for its phone and for the account's own. Not sent yet; the order must be kept. */
  async text(to: string): Promise<{ id: string; bytes: Buffer }> {
    const id = newId();
    const jid = personJid(to, "pn");
    const own = personJid(this.phone, "pn");
    const message = { conversation: TEXT };
    const copies = [
      await this.#copy(to, jid, message),
      await this.#copy(this.phone, own, { deviceSentMessage: { destinationJid: jid, message } }),
    ];
    return { id, bytes: encodeNode(messageNode(id, jid, [node("participants", {}, copies)])) };
  }

  /** A stanza of the same shape with random bytes in it, for numbers that do not decrypt. */
  noise(to: string): { id: string; bytes: Buffer } {
    const id = newId();
    const jid = personJid(to, "pn");
    const enc = encNode({ type: "msg", bytes: randomBytes(190) });
    return { id, bytes: encodeNode(messageNode(id, jid, [node("participants", {}, [toNode(jid, enc)])])) };
  }

  /** A text to a group; to `newcomers` the sender key goes with it. */
  async groupText(group: string, newcomers: readonly string[]): Promise<{ id: string; bytes: Buffer }> {
    const id = newId();
    const author = signalAddress({ phone: this.phone, device: 1 });
    const key = newcomers.length > 0 ? await this.#senderKeys.distribution(group, author) : undefined;
    const message = {
      senderKeyDistributionMessage: { groupId: group, axolotlSenderKeyDistributionMessage: key ?? null },
    };
    const copies: BinaryNode[] = [];
    for (const phone of newcomers) copies.push(await this.#copy(phone, personJid(phone, "lid"), message));
    const text = await this.#senderKeys.encrypt(group, author, writeMessage({ conversation: TEXT }));
    const enc = node("enc", { v: "2", type: "skmsg" }, text);
    const content = copies.length > 0 ? [node("participants", {}, copies), enc] : [enc];
    return { id, bytes: encodeNode(messageNode(id, group, content)) };
  }

  /** Sends. Resolves once the server has acknowledged it; `delivered` once `receipts` phones have confirmed it. */
  async send({ id, bytes }: { id: string; bytes: Buffer }, receipts = 1): Promise<{ delivered: Promise<void> }> {
    let left = receipts;
    let arrived: () => void;
    const delivered = new Promise<void>((resolve) => (arrived = resolve));
    const acked = new Promise<void>((resolve) => {
      this.#pending.set(id, { acked: resolve, delivered: () => --left === 0 && arrived() });
    });
    this.#link.sendBytes(bytes);
    await acked;
    return { delivered };
  }

  close(): void {
    this.#link.close();
  }

  async #copy(phone: string, jid: string, message: proto.IMessage): Promise<BinaryNode> {
    return toNode(jid, encNode(await this.#signal.encrypt(signalAddress({ phone, device: 0 }), writeMessage(message))));
  }

  async #receive(stanza: BinaryNode): Promise<void> {
    const { id = "", from, type, participant, error } = stanza.attrs;
    switch (stanza.tag) {
      case "ack":
        if (error) throw new Error(`the server refused a message with ${error}`);
        return this.#pending.get(id)?.acked();
      case "receipt":
        this.#link.send(node("ack", { class: "receipt", id, to: from, type, participant }));
        if (type === "retry") throw new Error("a phone could not decrypt a message");
        if (type === undefined) this.#pending.get(id)?.delivered();
        return;
      case "notification":
        return this.#link.send(node("ack", { class: "notification", id, to: from, type }));
      case "message": {
        const sender = tryParsePersonJid(participant ?? from)?.phone ?? "";
        const enc = child(stanza, "enc");
        const ciphertext = { type: enc?.attrs["type"], bytes: bytesOf(enc) } as Ciphertext;
        await this.#signal.decrypt(signalAddress({ phone: sender, device: 0 }), ciphertext);
        this.#link.send(node("receipt", { id, to: from }));
        return this.heard.get(sender)?.();
      }
    }
  }
}

function messageNode(id: string, to: string, content: BinaryNode[]): BinaryNode {
  return node("message", { id, to, type: "text" }, content);
}

function encNode({ type, bytes }: Ciphertext): BinaryNode {
  return node("enc", { v: "2", type }, bytes);
}

function toNode(jid: string, enc: BinaryNode): BinaryNode {
  return node("to", { jid }, [enc]);
}

function bundleIn(user: BinaryNode | undefined): KeyBundle {
  const key = (tag: string) => {
    const found = child(user, tag);
    return { id: uintOf(child(found, "id")) ?? 0, public: bytes(child(found, "value")) };
  };
  return {
    registrationId: uintOf(child(user, "registration")) ?? 0,
    identity: bytes(child(user, "identity")),
    signedPreKey: { ...key("skey"), signature: bytes(child(child(user, "skey"), "signature")) },
    oneTimeKey: key("key"),
  };
}

function bytes(source: BinaryNode | undefined): Buffer {
  const found = bytesOf(source);
  if (!found) throw new Error("a key bundle is incomplete");
  return found;
}

function newId(): string {
  return `3EB0${randomBytes(8).toString("hex").toUpperCase()}`;
}
