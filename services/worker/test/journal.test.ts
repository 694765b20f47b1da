import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import type { InboundMessage, JournalWrite } from "../src/ports.ts";
import { LinkBench, type LinkClient } from "./link-client.ts";
import { type SimulatorProcess, startSimulator } from "./simulator-process.ts";

let simulator: SimulatorProcess;
let bench: LinkBench;
let nextContact = 15_550_003_000;

const aContact = (): string => String(nextContact++);

beforeAll(async () => {
  simulator = await startSimulator();
  bench = await LinkBench.open(simulator);
});
afterEach(() => bench.cutAll());
afterAll(async () => simulator[Symbol.asyncDispose]());

/** A paired session whose own phone has nothing more to tell it. */
async function quiet(): Promise<LinkClient> {
  const client = await bench.paired();
  await drained(client);
  return client;
}

async function write(from: string, to: string, text: string): Promise<string> {
  return (await simulator.call<{ id: string }>("POST", `/phones/${from}/messages`, { to, text })).id;
}

/** Stores what is observed as a session would: once, and the journal hears of it in the same moment. */
function storing(client: LinkClient): InboundMessage[] {
  const stored: InboundMessage[] = [];
  client.onObserve = (seen) => {
    if (seen.kind !== "inbound") return;
    stored.push(seen.message);
    void client.secrets.journal.settle(seen.message);
  };
  return stored;
}

/** Dies like a killed process when rows of this type are durable: nothing leaves any more, nothing is stored. */
function dieAfter(client: LinkClient, type: string, times = 1): void {
  let count = 0;
  client.secrets.onTaken = (types) => {
    if (!types.includes(type) || ++count !== times) return;
    client.mayAct = false;
    client.secrets.onWrite = () => new Error("the process is dead");
  };
}

const dead = (client: LinkClient) => client.see("closed", ({ cause }) => cause.kind === "terminated_by_us");

async function next(
  client: LinkClient,
  change: { journal?: boolean; careful?: boolean } = {},
): Promise<{ client: LinkClient; stored: InboundMessage[] }> {
  const { careful = false, ...environment } = change;
  const following = bench.client(client, environment);
  following.careful = careful;
  const stored = storing(following);
  await following.open();
  return { client: following, stored };
}

/** Waits until WhatsApp has nothing left to deliver to the account. */
async function drained({ phone }: LinkClient): Promise<void> {
  await waitFor(
    async () => {
      const { devices } = await simulator.call<{ devices: { size: number }[] }>("GET", `/queues?phone=${phone}`);
      return devices.every(({ size }) => size === 0);
    },
    { describe: `an empty queue of ${phone}`, timeoutMs: 20_000 },
  );
}

/** What the account's present connection answered to a stanza: receipts without error, or an ack with one. */
async function answersTo({ phone }: LinkClient, id: string): Promise<string[]> {
  const { links } = await simulator.call<{ links: { id: string; phone: string | null }[] }>("GET", "/links");
  const link = links.find((each) => each.phone === phone);
  const { stanzas } = await simulator.call<{
    stanzas: { direction: string; stanza: { tag: string; attrs: Record<string, string> } }[];
  }>("GET", `/links/${link!.id}/recording?limit=100`);
  return stanzas
    .filter(({ stanza }) => stanza.attrs["id"] === id && (stanza.tag === "receipt" || stanza.tag === "ack"))
    .filter(({ direction }) => direction === "in")
    .map(({ stanza: { tag, attrs } }) => (attrs["error"] === undefined ? tag : `${tag} ${attrs["error"]}`));
}

const bodies = (messages: InboundMessage[]) => messages.map(({ content }) => content["body"]);

describe("what is decrypted", () => {
  it("is durable in one commit with the ratchet, the used pre-key and the identity", async () => {
    const client = await bench.paired();
    const id = await write(aContact(), client.phone, "between us");
    await client.see("inbound");
    const [commit] = client.secrets.commits.filter(({ journal }) => journal.some((row) => row.waMessageId === id));
    expect(commit!.types.toSorted()).toEqual(["identity-key", "inbound-journal", "pre-key", "session"]);
    expect(commit!.journal).toMatchObject([{ waMessageId: id, participant: "", waiting: true }]);
    expect(Buffer.from(commit!.journal[0]!.value, "base64").toString("latin1")).not.toContain("between us");
  });

  it("is never answered when the commit fails: the connection is gone, and the redelivery decrypts", async () => {
    const client = await bench.paired();
    client.secrets.onWrite = (_writes, _claim, journal) => (journal.length > 0 ? new Error("no database") : "take");
    await write(aContact(), client.phone, "not yet");
    await client.see("closed", ({ cause }) => cause.kind === "terminated_by_us" && cause.reason === "store_failed");
    expect(client.seen.filter(({ kind }) => kind === "inbound")).toEqual([]);
    const { client: second, stored } = await next(client);
    await second.see("inbound");
    await drained(second);
    expect(bodies(stored)).toEqual(["not yet"]);
    expect(second.secrets.journal.answered).toEqual([]);
  });
});

describe.each([
  ["with the journal", true],
  ["without it", false],
])("a process that dies, %s,", (_name, journal) => {
  const survives = journal ? "survives" : "is lost";

  it(`between the commit and the receipt: the message ${survives}`, async () => {
    const first = await bench.paired();
    const { client } = await next(await cut(first), { journal });
    await client.ready();
    dieAfter(client, "session");
    const contact = aContact();
    const id = await write(contact, client.phone, "once");
    await dead(client);
    const { client: second, stored } = await next(client, { journal });
    await second.ready();
    await drained(second);
    expect(await answersTo(second, id)).toEqual(journal ? ["receipt"] : ["ack 487"]);
    expect(new Set(bodies(stored))).toEqual(new Set(journal ? ["once"] : []));
    expect(second.secrets.journal.answered).toEqual(journal ? [id] : []);
    await write(contact, second.phone, "next");
    await second.see("inbound", ({ message }) => message.content["body"] === "next");
  });

  it(`between the receipt and our handler: the message ${survives}`, async () => {
    const first = await bench.paired();
    const { client } = await next(await cut(first), { journal });
    await client.ready();
    client.onObserve = () => {};
    for (const text of ["one", "two"]) await write(aContact(), client.phone, text);
    await client.see("inbound", ({ message }) => message.content["body"] === "two");
    await drained(client);
    await cut(client);
    const { client: second, stored } = await next(client, { journal });
    // What is replayed is handed over before anything is dialled.
    expect(bodies(stored)).toEqual(journal ? ["one", "two"] : []);
    await second.ready();
    expect(bodies(stored)).toEqual(journal ? ["one", "two"] : []);
  });
});

async function cut(client: LinkClient): Promise<LinkClient> {
  client.link.terminate("test_cut");
  await dead(client);
  return client;
}

describe("a redelivery", () => {
  it("of a message that is stored already is receipted from the journal", async () => {
    const client = await quiet();
    dieAfter(client, "inbound-journal");
    const id = await write(aContact(), client.phone, "stored");
    await dead(client);
    for (const row of client.secrets.journal.rows) row.waiting = false;
    const { client: second } = await next(client);
    await second.ready();
    await drained(second);
    expect(await answersTo(second, id)).toEqual(["receipt"]);
    expect(second.secrets.journal.answered).toEqual([id]);
  });

  it.each([1, 2])("of a group message with two ciphertexts is whole after a death behind number %i", async (part) => {
    const client = await quiet();
    const writer = aContact();
    const { id: group } = await simulator.call<{ id: string }>("POST", "/groups", {
      creator: writer,
      subject: "Group",
      participants: [client.phone],
    });
    await drained(client);
    dieAfter(client, "inbound-journal", part);
    const id = await write(writer, group, "to all");
    await dead(client);
    const { client: second, stored } = await next(client);
    await second.ready();
    await drained(second);
    expect(await answersTo(second, id)).toEqual(["receipt"]);
    expect(new Set(bodies(stored))).toEqual(new Set(["to all"]));
    expect(second.secrets.journal.answered).toEqual(Array.from({ length: part }, () => id));
    expect(stored[0]).toMatchObject({ chat: group, participant: expect.stringMatching(/@lid$/) as string });
    await write(writer, group, "and again");
    await second.see("inbound", ({ message }) => message.content["body"] === "and again");
  });

  it("of a status post that cannot be decrypted any more is receipted as if it were empty", async () => {
    const client = await bench.paired();
    const writer = aContact();
    await write(writer, client.phone, "so that we know each other");
    await client.see("inbound");
    await drained(client);
    const rows = client.secrets.journal.rows.length;
    dieAfter(client, "sender-key", 2);
    const id = await write(writer, "status@broadcast", "my day");
    await dead(client);
    expect(client.secrets.journal.rows).toHaveLength(rows);
    const { client: second } = await next(client);
    await second.ready();
    await drained(second);
    expect(await answersTo(second, id)).toEqual(["receipt"]);
  });
});

describe("a message that kills whoever handles it", () => {
  it("is set aside the fourth time with its reason, receipted, and its neighbours go on", async () => {
    let client = await quiet();
    const writer = aContact();
    const isPoison = (id: string) => (entries: JournalWrite[]) => entries.some(({ waMessageId }) => waMessageId === id);
    await write(writer, client.phone, "before");
    await client.see("inbound");
    await drained(client);
    await cut(client);
    const id = await write(writer, client.phone, "poison");
    await write(writer, client.phone, "behind");
    const kills = isPoison(id);
    for (const careful of [false, true, true, true]) {
      const following = bench.client(client);
      following.careful = careful;
      following.secrets.onWrite = (_writes, _claim, journal) => {
        if (!kills(journal)) return "take";
        following.mayAct = false;
        return new Error("the process died");
      };
      storing(following);
      await following.open();
      await dead(following);
      client = following;
    }
    expect(client.secrets.journal.tries.get(id)).toMatchObject({ tries: 3 });
    client.secrets.onWrite = () => "take";
    const { client: last, stored } = await next(client, { careful: true });
    await last.see("inbound", ({ message }) => message.content["body"] === "behind");
    await drained(last);
    expect(stored.filter(({ waMessageId }) => waMessageId === id)).toMatchObject([
      { type: "undecryptable", reason: "poisoned", content: {} },
    ]);
    expect(last.secrets.journal.expected).toMatchObject([{ stub: { waMessageId: id }, dueMs: 0 }]);
    expect(await answersTo(last, id)).toEqual(["receipt"]);
  });

  it("is set aside as well when it kills the replay; what cannot be read is replaced, the rest is replayed in order", async () => {
    const client = await quiet();
    const texts = ["first", "poison", "damaged", "last"];
    const ids: string[] = [];
    for (const text of texts) ids.push(await write(aContact(), client.phone, text));
    await client.see("inbound", ({ message }) => message.content["body"] === "last");
    await drained(client);
    await cut(client);
    const { tries } = client.secrets.journal;
    const rows = client.secrets.journal.rows.filter(({ waiting }) => waiting);
    const [, poison, damaged] = rows;
    tries.set(ids[1]!, { ...poison!, tries: 3 });
    damaged!.value = damaged!.value.slice(0, -8) + rows[0]!.value.slice(-8);
    const { stored } = await next(client, { careful: true });
    expect(stored.map(({ content, reason }) => content["body"] ?? reason)).toEqual([
      "first",
      "poisoned",
      "content_unreadable",
      "last",
    ]);
    expect(stored.map(({ waMessageId }) => waMessageId)).toEqual(ids);
  });
});

it("expects a stub in place of a message that does not decrypt, and asks for it again", async () => {
  const client = await quiet();
  storing(client);
  const writer = aContact();
  await write(writer, client.phone, "fine");
  await client.see("inbound");
  await drained(client);
  await cut(client);
  // Our Signal session with the person is lost.
  for (const name of client.secrets.keys.keys()) if (name.startsWith("session/")) client.secrets.keys.delete(name);
  const id = await write(writer, client.phone, "again please");
  const { client: second, stored } = await next(client);
  await second.see("inbound", ({ message }) => message.content["body"] === "again please");
  expect(second.secrets.journal.expected).toMatchObject([
    { stub: { waMessageId: id, type: "undecryptable", reason: "decryption_failed" }, dueMs: 120_000 },
  ]);
  expect(bodies(stored)).toEqual(["again please"]);
});
