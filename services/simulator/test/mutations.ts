import type { BinaryNode } from "@whiskeysockets/baileys";
import { seededRandom } from "../src/random.ts";

/** Stanzas and bytes as a broken or hostile client would send them; the same seed gives the same ones. */
export class Mutations {
  readonly #random: () => number;
  readonly #samples: readonly BinaryNode[];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#samples = samples((length) => this.bytes(length));
  }

  upTo(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.upTo(256)));
  }

  /** What clients really send, before anything is wrong with it. */
  sample(): BinaryNode {
    return this.#samples[this.upTo(this.#samples.length)] ?? { tag: "iq", attrs: {} };
  }

  /** The bytes with some flipped, cut off, doubled or put in. */
  damaged(bytes: Uint8Array): Buffer {
    const copy = Buffer.from(bytes);
    for (let times = this.upTo(4); times >= 0; times--) {
      if (copy.length > 0) copy[this.upTo(copy.length)] = this.upTo(256);
    }
    const dice = this.#random();
    if (dice < 0.15) return copy.subarray(0, this.upTo(copy.length + 1));
    if (dice < 0.3) return Buffer.concat([copy, copy.subarray(this.upTo(copy.length + 1))]);
    if (dice < 0.4) return Buffer.concat([this.bytes(this.upTo(8)), copy]);
    return copy;
  }

  /** The stanza with something in it changed, dropped or doubled. */
  mutated(stanza: BinaryNode): BinaryNode {
    const attrs = { ...stanza.attrs };
    const names = Object.keys(attrs);
    const name = names[this.upTo(names.length)];
    if (name !== undefined && this.#random() < 0.5) {
      if (this.#random() < 0.3) delete attrs[name];
      else
        attrs[name] =
          ["", "x", "0@lid", "__proto__", "99999999999999999999@s.whatsapp.net", "a@g.us", "-1"][this.upTo(7)] ?? "";
    }
    let { content } = stanza;
    if (Array.isArray(content)) {
      const kept = content
        .map((each) => (this.#random() < 0.7 ? this.mutated(each) : each))
        .filter(() => this.#random() > 0.1);
      content = this.#random() < 0.2 ? [...kept, ...kept] : kept;
      if (this.#random() < 0.05) content = Buffer.from("text");
    } else if (this.#random() < 0.5) content = this.bytes(this.upTo(80));
    const tag = this.#random() < 0.03 ? "mystery" : stanza.tag;
    return content === undefined ? { tag, attrs } : { tag, attrs, content };
  }
}

function samples(bytes: (length: number) => Buffer): BinaryNode[] {
  return [
    {
      tag: "iq",
      attrs: { type: "get", xmlns: "usync", to: "@s.whatsapp.net", id: "1" },
      content: [
        {
          tag: "usync",
          attrs: { mode: "query" },
          content: [
            { tag: "query", attrs: {}, content: [{ tag: "devices", attrs: {} }] },
            { tag: "list", attrs: {}, content: [{ tag: "user", attrs: { jid: "15550002222@s.whatsapp.net" } }] },
          ],
        },
      ],
    },
    {
      tag: "iq",
      attrs: { type: "set", xmlns: "encrypt", to: "@s.whatsapp.net", id: "2" },
      content: [
        { tag: "registration", attrs: {}, content: bytes(4) },
        {
          tag: "list",
          attrs: {},
          content: [{ tag: "key", attrs: {}, content: [{ tag: "id", attrs: {}, content: bytes(3) }] }],
        },
      ],
    },
    {
      tag: "iq",
      attrs: { type: "get", xmlns: "encrypt", to: "@s.whatsapp.net", id: "3" },
      content: [{ tag: "key", attrs: {}, content: [{ tag: "user", attrs: { jid: "15550002222@s.whatsapp.net" } }] }],
    },
    {
      tag: "iq",
      attrs: { type: "set", xmlns: "w:sync:app:state", to: "@s.whatsapp.net", id: "4" },
      content: [
        {
          tag: "sync",
          attrs: {},
          content: [
            {
              tag: "collection",
              attrs: { name: "regular", version: "0" },
              content: [{ tag: "patch", attrs: {}, content: bytes(30) }],
            },
          ],
        },
      ],
    },
    {
      tag: "message",
      attrs: { id: "5", to: "15550002222@s.whatsapp.net", type: "text" },
      content: [
        {
          tag: "participants",
          attrs: {},
          content: [
            {
              tag: "to",
              attrs: { jid: "15550002222@s.whatsapp.net" },
              content: [{ tag: "enc", attrs: { v: "2", type: "pkmsg" }, content: bytes(90) }],
            },
          ],
        },
      ],
    },
    {
      tag: "receipt",
      attrs: { id: "6", to: "15550002222@s.whatsapp.net", type: "retry" },
      content: [{ tag: "list", attrs: {}, content: [{ tag: "item", attrs: { id: "7" } }] }],
    },
    { tag: "ack", attrs: { id: "8", class: "message", to: "15550002222@s.whatsapp.net" } },
    { tag: "presence", attrs: { type: "subscribe", to: "15550002222@s.whatsapp.net" } },
    { tag: "ib", attrs: {}, content: [{ tag: "offline_batch", attrs: { count: "100" } }] },
    { tag: "chatstate", attrs: { to: "15550002222@s.whatsapp.net" }, content: [{ tag: "composing", attrs: {} }] },
    {
      tag: "iq",
      attrs: { type: "get", xmlns: "w:mex", to: "@s.whatsapp.net", id: "9" },
      content: [{ tag: "query", attrs: { query_id: "24503548349331633" }, content: Buffer.from("{}") }],
    },
    {
      tag: "iq",
      attrs: { type: "set", xmlns: "blocklist", to: "@s.whatsapp.net", id: "10" },
      content: [{ tag: "item", attrs: { action: "block", jid: "15550002222@s.whatsapp.net" } }],
    },
  ];
}
