import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { faultSchema } from "../src/fault-schema.ts";
import { Faults } from "../src/faults.ts";
import { AccountLimits, limitsSchema } from "../src/limits.ts";
import { eventually, TestNetwork } from "./client.ts";

const READ = 4;
const contact = "15550002222";

describe("a network with a data folder", () => {
  let dataDir: string;
  const nets: TestNetwork[] = [];
  const open = async (port = 0): Promise<TestNetwork> => {
    const net = await TestNetwork.open({ dataDir, port });
    nets.push(net);
    return net;
  };

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "simulator-"));
  });
  afterEach(async () => {
    for (const net of nets.splice(0)) await net[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true });
  });

  it("knows its devices, its root key and its Signal sessions again after a restart", async () => {
    const before = await open();
    const client = await before.pair();
    const first = await client.send(`${contact}@s.whatsapp.net`, "before");
    await eventually("read", () => client.reached(first, READ));
    await before.simulator.network.accounts.get(contact).phone.write(client.phone, "hello");
    await eventually("a message", () => client.inbound().length === 1);
    const url = new URL(before.simulator.controlUrl);
    const rootKey = before.simulator.network.identity.rootPublicKey;
    await before.simulator[Symbol.asyncDispose]();
    await eventually("the end of the connection", () => client.closeCodes.includes(428));

    const after = await open(Number(url.port));
    expect(after.simulator.network.identity.rootPublicKey).toEqual(rootKey);
    await client.reconnect();
    expect(client.creds.me?.id).toMatch(/:1@s\.whatsapp\.net$/);
    const second = await client.send(`${contact}@s.whatsapp.net`, "after");
    await eventually("read", () => client.reached(second, READ));
    const rows = after.simulator.network.ledger.page({ phone: contact, after: 0, limit: 10 });
    expect(rows).toMatchObject([
      { wa_message_id: first, arrival: 1 },
      { wa_message_id: second, arrival: 2, visible_copies: 1, failed_decryptions: 0 },
    ]);
    await after.simulator.network.accounts.get(contact).phone.write(client.phone, "hello again");
    await eventually("a message", () => client.inbound().some(({ text }) => text === "hello again"));
  });

  it("delivers after a restart what a device had not confirmed before", async () => {
    const before = await open();
    const client = await before.pair();
    await client.close();
    await before.simulator.network.accounts.get(contact).phone.write(client.phone, "wait for me");
    const url = new URL(before.simulator.controlUrl);
    await before.simulator[Symbol.asyncDispose]();
    await open(Number(url.port));
    await client.reconnect();
    await eventually("the message", () => client.inbound().length > 0);
    expect(client.inbound()).toMatchObject([{ text: "wait for me", type: "append" }]);
  });

  it("knows its groups and their sender keys again after a restart", async () => {
    const before = await open();
    const client = await before.pair();
    const { id } = await client.socket.groupCreate("Friends", [`${contact}@s.whatsapp.net`]);
    await client.send(id, "before");
    const row = (net: TestNetwork) => net.simulator.network.ledger.page({ phone: contact, after: 0, limit: 10 }).at(-1);
    await eventually("the first message", () => row(before)?.visible_copies);
    await client.close();
    const url = new URL(before.simulator.controlUrl);
    await before.simulator[Symbol.asyncDispose]();
    const after = await open(Number(url.port));
    await client.reconnect();
    expect(await client.socket.groupMetadata(id)).toMatchObject({ subject: "Friends", size: 2 });
    await client.send(id, "after"); // without the key, which the contact has
    await eventually("the second message", () => row(after)?.arrival === 2 && row(after)?.visible_copies);
    expect(row(after)).toMatchObject({ wire_copies: 1, failed_decryptions: 0 });
  });

  it("keeps rules, faults, limits, waiting messages and the ledger, and nothing that a scenario put in force", async () => {
    const before = await open();
    const { network } = before.simulator;
    const client = await before.pair();
    const first = await client.send(`${contact}@s.whatsapp.net`, "before");
    await eventually("read", () => client.reached(first, READ));
    network.rules.add({ prefix: "1555", share: 1, seed: 0, behaviour: { reads_after_ms: "never" } });
    network.rules.add({ prefix: "1556", share: 1, seed: 0, behaviour: { exists: false } }, false);
    const half = faultSchema.parse({ kind: "drop_receipt", share: 0.5, recipient_prefix: "1777" });
    const hits = (faults: Faults): boolean[] =>
      Array.from({ length: 20 }, () => faults.hit("drop_receipt", { recipient: "1777" }) !== undefined);
    const alone = new Faults(2); // the network's seed is 1, and its faults have the one after it
    alone.add(half);
    network.faults.add(half);
    const expected = [hits(alone), hits(alone)];
    expect(hits(network.faults)).toEqual(expected[0]);
    const capped = new AccountLimits(limitsSchema.parse({ new_chat_cap: { total: 5 } }), Date.now());
    capped.judge("15550007777", false, Date.now());
    network.limits.set(client.phone, capped);
    await client.send("99910000001@s.whatsapp.net", "wait for the phone");
    await eventually("it waits", () => network.waiting.count("99910000001") === 1);
    await client.close();
    const url = new URL(before.simulator.controlUrl);
    await before.simulator[Symbol.asyncDispose]();

    const after = (await open(Number(url.port))).simulator.network;
    expect(after.rules.list()).toMatchObject([{ id: "rule-1", prefix: "1555" }]);
    expect(hits(after.faults)).toEqual(expected[1]);
    expect(after.limits.get(client.phone)).toMatchObject({ used: capped.used });
    expect(after.ledger.summary(client.phone)).toMatchObject({ messages: 1, visible_copies: 1, undecrypted: 0 });
    expect(after.ledger.arrivals(contact, client.phone)).toBe(1);
    expect(after.ledger.arrived(contact, client.phone, first, new Date())).toMatchObject({ wire_copies: 2 });
    await client.reconnect();
    after.accounts.get("99910000001").behaviour = { online: true };
    after.wakePhones();
    await eventually(
      "it arrives",
      () => after.ledger.page({ phone: "99910000001", after: 0, limit: 1 })[0]?.visible_copies,
    );
  });

  it("ignores a last line that a kill cut off, and refuses a damaged file", async () => {
    const before = await open();
    await before.pair();
    await before.simulator[Symbol.asyncDispose]();
    const file = join(dataDir, "accounts.ndjson");
    const good = await readFile(file, "utf8");
    await writeFile(file, `${good}{"number":"1555`);
    const after = await open();
    expect([...after.simulator.network.accounts.all()].some(({ companions }) => companions.size === 1)).toBe(true);
    await after.simulator[Symbol.asyncDispose]();
    await writeFile(file, `nonsense\n${good}`);
    await expect(open()).rejects.toThrow("line 1 is not an account");
  });
});
