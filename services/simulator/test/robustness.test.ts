import type { BinaryNode } from "@whiskeysockets/baileys";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { seededRandom } from "../src/random.ts";
import { type Client, eventually, TestNetwork } from "./client.ts";

const DELIVERED = 3;
const random = seededRandom(7);
const upTo = (limit: number): number => Math.floor(random() * limit);
const randomBytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => upTo(256)));

describe("clients that send nonsense", () => {
  let net: TestNetwork;
  let client: Client;
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);

  beforeAll(async () => {
    process.on("unhandledRejection", note);
    net = await TestNetwork.open();
    client = await net.pair();
  });
  afterAll(async () => {
    await net[Symbol.asyncDispose]();
    process.off("unhandledRejection", note);
  });
  /** What went wrong for a well-behaved client in the meantime. */
  const damage = async (): Promise<unknown[]> => {
    const id = await client.send("15550002222@s.whatsapp.net", "still there?");
    await eventually("delivered", () => client.reached(id, DELIVERED));
    return unhandled;
  };

  it("lose their connection when it is not the protocol, and harm nobody", async () => {
    const starts = [
      Buffer.from("GET / HTTP/1.1"),
      Buffer.from([0x57, 0x41, 6, 2]),
      Buffer.from([0x57, 0x41, 6, 3, 0xff, 0xff, 0xff]),
      Buffer.concat([Buffer.from([0x57, 0x41, 6, 3, 0, 0, 40]), randomBytes(40)]),
      Buffer.concat([Buffer.from("ED"), Buffer.from([0, 1, 0, 0, 2, 9, 9, 0x57, 0x41, 6, 3, 0, 0, 2, 1, 1])]),
    ];
    for (const start of starts) {
      const socket = new WebSocket(net.simulator.webSocketUrl);
      await once(socket, "open");
      socket.send(start);
      await once(socket, "close");
    }
    expect(await damage()).toEqual([]);
  });

  it("lose only their own connection by a frame that does not decrypt", async () => {
    const other = await net.pair();
    await other.socket.sendRawMessage(randomBytes(64)); // encrypts what is no node at all
    await eventually("the end", () => other.closeCodes.includes(428));
    expect(await damage()).toEqual([]);
  });

  it("get through with no mutation of the stanzas that clients send", async () => {
    const { network } = net.simulator;
    const seeds: BinaryNode[] = [
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
          { tag: "registration", attrs: {}, content: randomBytes(4) },
          {
            tag: "list",
            attrs: {},
            content: [{ tag: "key", attrs: {}, content: [{ tag: "id", attrs: {}, content: randomBytes(3) }] }],
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
                content: [{ tag: "patch", attrs: {}, content: randomBytes(30) }],
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
                content: [{ tag: "enc", attrs: { v: "2", type: "pkmsg" }, content: randomBytes(90) }],
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
    ];
    const link = await eventually("the link", () => network.accounts.get(client.phone).companions.get(1)?.link);
    for (let round = 0; round < 5_000; round++) {
      const seed = seeds[upTo(seeds.length)];
      if (seed) network.stanza(link, mutated(seed));
    }
    expect(await damage()).toEqual([]);
  });
});

/** The stanza with something in it changed, dropped or doubled. */
function mutated(stanza: BinaryNode): BinaryNode {
  const attrs = { ...stanza.attrs };
  const names = Object.keys(attrs);
  const name = names[upTo(names.length)];
  if (name !== undefined && random() < 0.5) {
    if (random() < 0.3) delete attrs[name];
    else
      attrs[name] =
        ["", "x", "0@lid", "__proto__", "99999999999999999999@s.whatsapp.net", "a@g.us", "-1"][upTo(7)] ?? "";
  }
  let { content } = stanza;
  if (Array.isArray(content)) {
    const kept = content.map((each) => (random() < 0.7 ? mutated(each) : each)).filter(() => random() > 0.1);
    content = random() < 0.2 ? [...kept, ...kept] : kept;
    if (random() < 0.05) content = Buffer.from("text");
  } else if (random() < 0.5) content = randomBytes(upTo(80));
  const tag = random() < 0.03 ? "mystery" : stanza.tag;
  return content === undefined ? { tag, attrs } : { tag, attrs, content };
}
