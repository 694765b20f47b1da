import { EventEmitter } from "node:events";
import { encodeBinaryNode, proto } from "@whiskeysockets/baileys";
import type { WebSocket } from "ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseNode } from "../src/protocol/node.ts";
import { type Client, eventually, TestNetwork } from "./client.ts";
import { Mutations } from "./mutations.ts";

const DELIVERED = 3;
/** Of each of the three kinds. `SIMULATOR_MUTATIONS=100000` is the full count. */
const ROUNDS = Math.ceil(Number(process.env["SIMULATOR_MUTATIONS"] ?? 10_000) / 3);
const MAX_GROWTH_BYTES = 200 * 1024 * 1024;

/** As much of a WebSocket as a link needs, so that a hundred thousand of them cost no ports. */
class PretendSocket extends EventEmitter {
  send(): void {
    // nobody listens
  }

  close(): void {
    this.emit("close");
  }

  terminate(): void {
    this.emit("close");
  }
}

describe("mutated input", () => {
  let net: TestNetwork;
  let client: Client;
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);

  beforeAll(async () => {
    for (const event of ["unhandledRejection", "uncaughtException"]) process.on(event, note);
    net = await TestNetwork.open({ seed: 15 });
    client = await net.pair();
  });
  afterAll(async () => {
    await net[Symbol.asyncDispose]();
    for (const event of ["unhandledRejection", "uncaughtException"]) process.off(event, note);
  });
  const network = () => net.simulator.network;
  const linkOf = () => eventually("the link", () => network().accounts.get(client.phone).companions.get(1)?.link);
  const breathe = () => new Promise((resolve) => setImmediate(resolve));
  /** A well-behaved client notices nothing, nothing went unhandled, and nothing has piled up. */
  const expectUnharmed = async (rssBefore: number): Promise<void> => {
    const id = await client.send("15550002222@s.whatsapp.net", "still there?");
    await eventually("delivered", () => client.reached(id, DELIVERED));
    expect(unhandled).toEqual([]);
    expect(network().links.size).toBe(1);
    expect(network().unknown.list().length).toBeLessThanOrEqual(500);
    expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(MAX_GROWTH_BYTES);
  };

  it("of stanzas harms nobody, and every request gets an answer", { timeout: 600_000 }, async () => {
    const mutations = new Mutations(7);
    const unanswered: unknown[] = [];
    const link = await linkOf();
    const before = process.memoryUsage.rss();
    for (let round = 0; round < ROUNDS; round++) {
      const stanza = mutations.mutated(mutations.sample());
      const sent = link.framesOut;
      network().stanza(link, stanza);
      const asks = stanza.tag === "iq" && ["get", "set"].includes(stanza.attrs["type"] ?? "");
      if (asks && link.framesOut === sent) unanswered.push(stanza);
      if (round % 100 === 0) await breathe();
    }
    expect(unanswered).toEqual([]);
    await expectUnharmed(before);
  });

  it("of a kind that does not exist is answered as not implemented, and recorded", async () => {
    const answer = client.socket.waitForMessage("strange-1", 5_000);
    await client.socket.sendNode({ tag: "strange", attrs: { id: "strange-1", to: "@s.whatsapp.net" } });
    expect(await answer).toMatchObject({ tag: "ack", attrs: { class: "strange", error: "501" } });
    expect(network().unknown.list()).toContainEqual(expect.objectContaining({ name: "strange", count: 1 }));
  });

  it("of encoded stanzas is refused or understood, and nothing else", { timeout: 600_000 }, async () => {
    const mutations = new Mutations(8);
    const link = await linkOf();
    const before = process.memoryUsage.rss();
    let understood = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = mutations.damaged(encodeBinaryNode(mutations.sample()));
      let stanza;
      try {
        stanza = parseNode(bytes);
      } catch {
        continue;
      }
      understood += 1;
      network().stanza(link, stanza);
      if (round % 100 === 0) await breathe();
    }
    expect(understood).toBeGreaterThan(0);
    await expectUnharmed(before);
  });

  it("of first bytes and handshakes ends that connection only", { timeout: 600_000 }, async () => {
    const mutations = new Mutations(9);
    const before = process.memoryUsage.rss();
    const hello = proto.HandshakeMessage.encode({ clientHello: { ephemeral: mutations.bytes(32) } }).finish();
    const length = Buffer.alloc(3);
    length.writeUIntBE(hello.length, 0, 3);
    const start = Buffer.concat([Buffer.from([0x57, 0x41, 6, 3]), length, hello]);
    for (let round = 0; round < ROUNDS; round++) {
      const socket = new PretendSocket();
      network().accept(socket as unknown as WebSocket);
      for (let chunk = mutations.upTo(3); chunk >= 0; chunk--) socket.emit("message", mutations.damaged(start));
      socket.emit("close");
      if (round % 100 === 0) await breathe();
    }
    await expectUnharmed(before);
  });
});
