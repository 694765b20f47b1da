import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
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
    expect(rows).toMatchObject([{ wa_message_id: second, visible_copies: 1, failed_decryptions: 0 }]);
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
    const row = (net: TestNetwork) => net.simulator.network.ledger.page({ phone: contact, after: 0, limit: 10 })[0];
    await eventually("the first message", () => row(before)?.visible_copies);
    await client.close();
    const url = new URL(before.simulator.controlUrl);
    await before.simulator[Symbol.asyncDispose]();
    const after = await open(Number(url.port));
    await client.reconnect();
    expect(await client.socket.groupMetadata(id)).toMatchObject({ subject: "Friends", size: 2 });
    await client.send(id, "after"); // without the key, which the contact has
    await eventually("the second message", () => row(after)?.visible_copies);
    expect(row(after)).toMatchObject({ wire_copies: 1, failed_decryptions: 0 });
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
