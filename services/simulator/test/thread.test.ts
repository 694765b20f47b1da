import { createHash } from "node:crypto";
import { initAuthCreds } from "@whiskeysockets/baileys";
import pino from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { configWith } from "../src/config.ts";
import { openSimulator, type Simulator } from "../src/simulator.ts";
import { Client, eventually, pairedClient, trust } from "./client.ts";

const DELIVERED = 3;
const READ = 4;
const contact = "15550002222";
const jidOf = (phone: string): string => `${phone}@s.whatsapp.net`;
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe.each(["lid", "pn"] as const)("a Baileys client on the simulated network with %s addressing", (addressing) => {
  let simulator: Simulator;
  const clients: Client[] = [];
  let next = 15550001000;
  const pair = async (phone = String(next++)): Promise<Client & { phone: string }> => {
    const client = await pairedClient(simulator, phone);
    clients.push(client);
    return Object.assign(client, { phone });
  };

  beforeAll(async () => {
    simulator = await openSimulator(configWith({ port: 0, addressing }), pino({ level: "silent" }));
    trust(simulator);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    simulator.network.reset();
  });
  afterAll(async () => simulator[Symbol.asyncDispose]());

  it("pairs by QR, is sent away with 515 and is open after it comes back", async () => {
    const client = await pair();
    expect(client.closeCodes).toEqual([515]);
    expect(client.creds.me?.id).toBe(`${client.phone}:1@s.whatsapp.net`);
    expect(client.creds.me?.lid).toMatch(/^1\d{15}:1@lid$/);
    await eventually("the app state key", () => client.creds.myAppStateKeyId);
  });

  it("sends a text that is acked, delivered and read, and the ledger has one visible copy", async () => {
    const client = await pair();
    const id = await client.send(jidOf(contact), "hello there");
    const ack = await eventually("server ack", () => client.ackOf(id));
    expect(ack.attrs["error"]).toBeUndefined();
    await eventually("delivered", () => client.reached(id, DELIVERED));
    await eventually("read", () => client.reached(id, READ));
    const rows = simulator.network.ledger.page({ phone: contact, sender: client.phone, after: 0, limit: 10 });
    expect(rows).toMatchObject([
      { wa_message_id: id, wire_copies: 1, visible_copies: 1, kind: "text", text_sha256: sha256("hello there") },
    ]);
  });

  it("receives what a person writes", async () => {
    const client = await pair();
    await simulator.network.accounts.get(contact).phone.write(client.phone, "good morning");
    const [received] = await eventually("a message", () => client.inbound().length > 0 && client.inbound());
    expect(received).toMatchObject({ text: "good morning" });
    expect(received?.from).toMatch(addressing === "lid" ? /@lid$/ : /@s\.whatsapp\.net$/);
  });

  it("refuses a login with another Noise key", async () => {
    const client = await pair();
    const thief = new Client(simulator.webSocketUrl, { ...client.creds, noiseKey: initAuthCreds().noiseKey });
    clients.push(thief);
    thief.connect();
    await eventually("the refusal", () => thief.closeCodes.length > 0);
    expect(thief.closeCodes).toEqual([401]);
    expect(client.closeCodes).toEqual([515]);
  });
});
