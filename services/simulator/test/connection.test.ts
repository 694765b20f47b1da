import { WA_CERT_DETAILS } from "@whiskeysockets/baileys";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { faultSchema } from "../src/fault-schema.ts";
import { endings, endLink, type Ending } from "../src/endings.ts";
import { type Client, eventually, TestNetwork } from "./client.ts";

const DELIVERED = 3;
const contact = "15550002222";
const jidOf = (phone: string): string => `${phone}@s.whatsapp.net`;

describe.each(["lid", "pn"] as const)("connections of linked devices with %s addressing", (addressing) => {
  let net: TestNetwork;
  const deviceOf = (client: Client, device = 1) =>
    net.simulator.network.accounts.get(client.phone).companions.get(device);

  beforeAll(async () => {
    net = await TestNetwork.open({ addressing });
  });
  afterEach(async () => net.clean());
  afterAll(async () => net[Symbol.asyncDispose]());

  it("are refused by a client that does not trust this network's root key", async () => {
    const trusted = WA_CERT_DETAILS.PUBLIC_KEY;
    Object.assign(WA_CERT_DETAILS, { PUBLIC_KEY: Buffer.alloc(32, 9) });
    try {
      const client = net.client();
      client.connect();
      await eventually("the refusal", () => client.closeCodes.length > 0);
      expect(client.closeCodes).toEqual([400]);
    } finally {
      Object.assign(WA_CERT_DETAILS, { PUBLIC_KEY: trusted });
    }
  });

  it("can be had by a pairing code instead of a QR code", async () => {
    const client = net.client();
    client.connect();
    await eventually("ready for a code", () => client.qrs.length > 0);
    const code = await client.socket.requestPairingCode("15550004444");
    const { network } = net.simulator;
    const account = network.accounts.get("15550004444");
    await eventually("the request at the network", () => network.pairingCodes.waitsFor(account.number));
    const companion = await network.pairingCodes.enter(account, code);
    expect(companion.address).toEqual({ phone: "15550004444", device: 1 });
    await eventually("the connection is open", () => client.opened > 0);
  });

  it("keep what was sent while the device was away, and deliver it in order, marked offline", async () => {
    const client = await net.pair();
    await eventually("nothing is on its way", () => deviceOf(client)?.queue.size === 0);
    await client.close();
    await eventually("the device is away", () => !deviceOf(client)?.link);
    const person = net.simulator.network.accounts.get(contact).phone;
    for (const text of ["one", "two", "three"]) await person.write(client.phone, text);
    client.stanzas.length = 0;
    await client.reconnect();
    await eventually("all messages", () => client.inbound().length === 3);
    expect(client.inbound().map(({ text, type }) => `${type} ${text}`)).toEqual([
      "append one",
      "append two",
      "append three",
    ]);
    const marks = client.stanzas.filter(({ tag }) => tag === "message").map(({ attrs }) => attrs["offline"]);
    expect(marks).toEqual(["0", "1", "2"]);
    await eventually("all settled", () => deviceOf(client)?.queue.size === 0);
  });

  it("deliver again what was written to a link that died before it was confirmed", async () => {
    const client = await net.pair();
    await eventually("nothing is on its way", () => deviceOf(client)?.queue.size === 0);
    const link = deviceOf(client)?.link;
    if (link) link.silence = "both";
    await net.simulator.network.accounts.get(contact).phone.write(client.phone, "into the void");
    link?.reset();
    await eventually("the end of the link", () => client.closeCodes.includes(428));
    expect(client.inbound()).toEqual([]);
    await client.reconnect();
    await eventually("the message", () => client.inbound().some(({ text }) => text === "into the void"));
  });

  it("are replaced by a second login of the same device", async () => {
    const client = await net.pair();
    const second = net.client(client);
    second.connect();
    await eventually("the second login", () => second.opened > 0);
    await eventually("the end of the first", () => client.closeCodes.includes(440));
    const id = await second.send(jidOf(contact), "still here");
    await eventually("delivered", () => second.reached(id, DELIVERED));
    expect(second.closeCodes).toEqual([]);
  });

  it("end for good when the client logs out", async () => {
    const client = await net.pair();
    await client.socket.logout();
    await eventually("the device is gone", () => deviceOf(client) === undefined);
    const again = net.client(client);
    again.connect();
    await eventually("the refusal", () => again.closeCodes.length > 0);
    expect(again.closeCodes).toEqual([401]);
  });

  it("end with 401 when the phone removes the device, and the next device gets the next number", async () => {
    const client = await net.pair("15550006666");
    const { network } = net.simulator;
    network.unlink(network.accounts.get(client.phone), 1, "removed_by_phone");
    await eventually("the end", () => client.closeCodes.includes(401));
    const next = await net.pair("15550006666");
    expect(next.creds.me?.id).toBe("15550006666:2@s.whatsapp.net");
  });

  const codes: Partial<Record<Ending, number>> = {
    "503": 503,
    "500": 500,
    "429": 429,
    replaced: 440,
    device_removed: 401,
    failure_401: 401,
    failure_403: 403,
    failure_405: 405,
    failure_503: 503,
    stream_end: 428,
    reset: 428,
    close: 428,
  };
  it("end with the close code that each ending has on the real network", async () => {
    const client = await net.pair();
    const seen: Record<string, number | undefined> = {};
    for (const ending of endings.filter((each) => each in codes)) {
      client.closeCodes.length = 0;
      const link = await eventually("a link", () => deviceOf(client)?.link);
      endLink(link, ending);
      await eventually(`the end by ${ending}`, () => client.closeCodes.length > 0);
      seen[ending] = client.closeCodes[0];
      await client.reconnect();
    }
    expect(seen).toEqual(codes);
  });

  it("refuse messages as the recipient's rule or a fault says", async () => {
    const client = await net.pair();
    const ruled = await client.send(jidOf("99904000001"), "cold call");
    expect((await eventually("ack", () => client.ackOf(ruled))).attrs["error"]).toBe("463");
    const { faults } = net.simulator.network;
    faults.add(faultSchema.parse({ kind: "ack_error", code: 479, times: 1 }));
    const faulty = await client.send(jidOf(contact), "bad luck");
    expect((await eventually("ack", () => client.ackOf(faulty))).attrs["error"]).toBe("479");
    const fine = await client.send(jidOf(contact), "good luck");
    expect((await eventually("ack", () => client.ackOf(fine))).attrs["error"]).toBeUndefined();
  });

  it("say which numbers are on WhatsApp", async () => {
    const client = await net.pair();
    const found = await client.socket.onWhatsApp("+15550002222", "+99900000001");
    expect(found?.filter(({ exists }) => exists).map(({ jid }) => jid)).toEqual([jidOf("15550002222")]);
  });

  it("never deliver to a phone that is off, and never read on one that does not read", async () => {
    const client = await net.pair();
    const off = await client.send(jidOf("99901000001"), "anybody?");
    const unread = await client.send(jidOf("99902000001"), "look!");
    await eventually("delivered", () => client.reached(unread, DELIVERED));
    await eventually("ack", () => client.ackOf(off));
    expect(client.reached(off, DELIVERED)).toBe(false);
    expect(net.simulator.network.ledger.page({ phone: "99901000001", after: 0, limit: 10 })).toEqual([]);
  });

  it("store settings and pass them to the account's other devices", async () => {
    const first = await net.pair("15550005555");
    const second = await net.pair("15550005555");
    await eventually("the app state key", () => first.creds.myAppStateKeyId && second.creds.myAppStateKeyId);
    await first.socket.updateProfileName("New Name");
    await eventually("the name on the other device", () => second.creds.me?.name === "New Name");
    const { appState } = net.simulator.network.accounts.get("15550005555");
    expect(appState.get("critical_block")).toMatchObject({ version: 1 });
  });

  it("answer what is not implemented with an error, and record it", async () => {
    const client = await net.pair();
    await expect(client.socket.newsletterFollow("120363000000000001@newsletter")).rejects.toThrow(
      "feature-not-implemented",
    );
    expect(net.simulator.network.unknown.list().map(({ name }) => name)).toContainEqual(
      expect.stringMatching(/^w:mex /),
    );
  });
});
