import { createHash } from "node:crypto";
import { initAuthCreds } from "@whiskeysockets/baileys";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Client, eventually, TestNetwork } from "./client.ts";

const SERVER_ACK = 2;
const DELIVERED = 3;
const READ = 4;
const contact = "15550002222";
const jidOf = (phone: string): string => `${phone}@s.whatsapp.net`;
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe.each(["lid", "pn"] as const)("a Baileys client on the simulated network with %s addressing", (addressing) => {
  let net: TestNetwork;
  const ledgerOf = (client: Client, phone: string) =>
    net.simulator.network.ledger.page({ phone, sender: client.phone, after: 0, limit: 100 });
  const personOf = (phone: string) => net.simulator.network.accounts.get(phone).phone;

  beforeAll(async () => {
    net = await TestNetwork.open({ addressing });
  });
  afterEach(async () => net.clean());
  afterAll(async () => net[Symbol.asyncDispose]());

  it("pairs by QR, is sent away with 515 and is open after it comes back", async () => {
    const client = await net.pair("15550001111");
    expect(client.closeCodes).toEqual([515]);
    expect(client.creds.me?.id).toBe("15550001111:1@s.whatsapp.net");
    expect(client.creds.me?.lid).toMatch(/^1\d{15}:1@lid$/);
    await eventually("the app state key", () => client.creds.myAppStateKeyId);
  });

  it("refuses a QR code that was scanned before", async () => {
    const client = await net.pair();
    const { network } = net.simulator;
    const again = network.pairing.scan(network.accounts.get("15550009999"), client.qrs[0] ?? "");
    await expect(again).rejects.toMatchObject({ reason: "expired" });
  });

  it("sends a text that is acked, delivered and read, and the ledger has one visible copy", async () => {
    const client = await net.pair();
    const id = await client.send(jidOf(contact), "hello there");
    const ack = await eventually("server ack", () => client.ackOf(id));
    expect(ack.attrs["error"]).toBeUndefined();
    await eventually("delivered", () => client.reached(id, DELIVERED));
    await eventually("read", () => client.reached(id, READ));
    expect(client.reached(id, SERVER_ACK)).toBe(true); // the account's own phone has its copy
    expect(ledgerOf(client, contact)).toMatchObject([
      { wa_message_id: id, wire_copies: 1, visible_copies: 1, kind: "text", text_sha256: sha256("hello there") },
    ]);
    const [onOwnPhone] = net.simulator.network.chats.messages(client.phone, { limit: 10 });
    expect(onOwnPhone).toMatchObject({ id, chat: contact, from_me: true, text: "hello there", status: "read" });
  });

  it("receives what a person writes, decrypted, and the person sees it delivered and read", async () => {
    const client = await net.pair();
    const id = await personOf(contact).write(client.phone, "good morning");
    await eventually("a message", () => client.inbound().length > 0);
    const [received] = client.inbound();
    expect(received).toMatchObject({ text: "good morning", id });
    expect(received?.from).toMatch(addressing === "lid" ? /@lid$/ : /@s\.whatsapp\.net$/);
    const key = client.messages.find(({ message }) => message.key.id === id)?.message.key;
    await client.socket.readMessages(key ? [key] : []);
    const { chats } = net.simulator.network;
    await eventually("read on the person's phone", () => chats.find(contact, id)?.status === "read");
  });

  it("gets an answer from a number that echoes, under the address it wrote to", async () => {
    const client = await net.pair();
    await client.send(jidOf("99903000001"), "are you there?");
    await eventually("the echo", () => client.inbound().some(({ text }) => text === "are you there?"));
    await client.send(jidOf("99903000001"), "and now?");
    await eventually("the second echo", () => client.inbound().some(({ text }) => text === "and now?"));
    expect(ledgerOf(client, "99903000001").map(({ visible_copies }) => visible_copies)).toEqual([1, 1]);
  });

  it("counts a repeated id as two wire copies and one visible copy", async () => {
    const client = await net.pair();
    const id = await client.send(jidOf(contact), "once please");
    await eventually("delivered", () => client.reached(id, DELIVERED));
    await client.send(jidOf(contact), "once please", id);
    const [row] = await eventually("the second copy", () => {
      const rows = ledgerOf(client, contact);
      return rows[0]?.wire_copies === 2 && rows;
    });
    expect(row).toMatchObject({ wire_copies: 2, visible_copies: 1 });
    expect(net.simulator.network.ledger.summary(client.phone)).toMatchObject({
      messages: 1,
      duplicates_wire: 1,
      duplicates_visible: 0,
    });
  });

  it("repairs a failed decryption by a retry", async () => {
    const client = await net.pair();
    const id = await client.send(jidOf("99905000001"), "second try");
    await eventually("delivered", () => client.reached(id, DELIVERED));
    expect(ledgerOf(client, "99905000001")).toMatchObject([
      { wire_copies: 2, visible_copies: 1, failed_decryptions: 1, text_sha256: sha256("second try") },
    ]);
  });

  it("gets a person's message again after it lost its Signal sessions", async () => {
    const client = await net.pair();
    await personOf(contact).write(client.phone, "first");
    await eventually("the first message", () => client.inbound().some(({ text }) => text === "first"));
    await client.send(jidOf(contact), "answer"); // from here on the person's messages are not pkmsg
    await eventually("the answer", () => ledgerOf(client, contact).length > 0);
    await client.keys.clear?.();
    await personOf(contact).write(client.phone, "second");
    await eventually("the second message", () => client.inbound().some(({ text }) => text === "second"));
    expect(client.inbound().map(({ text }) => text)).toEqual(["first", "second"]);
  });

  it("carries messages between two paired accounts, with receipts", async () => {
    const [ann, bob] = [await net.pair(), await net.pair()];
    const id = await ann.send(jidOf(bob.phone), "hi bob");
    const received = await eventually("the message", () => bob.inbound().find(({ text }) => text === "hi bob"));
    await eventually("delivered", () => ann.reached(id, DELIVERED));
    await bob.send(received.from, "hi ann");
    await eventually("the answer", () => ann.inbound().some(({ text }) => text === "hi ann"));
    expect(ledgerOf(ann, bob.phone)).toMatchObject([{ wire_copies: 1, visible_copies: 1 }]);
  });

  it("shows a companion what another companion and the phone of its account write", async () => {
    const first = await net.pair("15550007777");
    const second = await net.pair("15550007777");
    expect(second.creds.me?.id).toBe("15550007777:2@s.whatsapp.net");
    const own = (text: string): boolean =>
      second.messages.some(({ message }) => message.key.fromMe && message.message?.conversation === text);
    const id = await first.send(jidOf(contact), "from the first");
    await eventually("the copy", () =>
      second.messages.find(({ message }) => message.key.id === id && message.key.fromMe && message.message),
    );
    await personOf("15550007777").write(contact, "from the phone");
    await eventually("the phone's copy", () => own("from the phone"));
  });

  it("refuses a login with another Noise key", async () => {
    const client = await net.pair();
    const thief = net.client(client);
    Object.assign(thief.creds, { noiseKey: initAuthCreds().noiseKey });
    thief.connect();
    await eventually("the refusal", () => thief.closeCodes.length > 0);
    expect(thief.closeCodes).toEqual([401]);
    expect(client.closeCodes).toEqual([515]);
  });
});
