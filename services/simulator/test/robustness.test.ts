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
});
