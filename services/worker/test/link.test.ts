import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { ClaimRefused, CredentialsUnreadable, LeaseLost, SendFailed } from "../src/ports.ts";
import { parseCredentialsKey } from "../src/adapters/sealing/credentials-key.ts";
import { currentLink, LinkEnding } from "../src/adapters/whatsapp/link-ending.ts";
import { defaultLimits } from "../src/adapters/whatsapp/watchdog.ts";
import { LinkBench, type LinkClient, newWaMessageId, sha256 } from "./link-client.ts";
import type { MemorySecrets } from "./memory-secrets.ts";
import { type SimulatorProcess, startSimulator } from "./simulator-process.ts";

let simulator: SimulatorProcess;
let bench: LinkBench;
let nextContact = 15_550_002_000;

/** A number nobody has written to before, whose phone decrypts, confirms and reads. */
const aContact = (): string => String(nextContact++);

beforeAll(async () => {
  simulator = await startSimulator();
  bench = await LinkBench.open(simulator);
});
afterEach(() => bench.cutAll());
afterAll(async () => simulator[Symbol.asyncDispose]());

const delivered = (client: LinkClient, id: string) =>
  client.see("receipt", ({ waMessageIds, status }) => waMessageIds.includes(id) && status === "delivered");

/** What a process leaves behind that dies when the message's bytes have left and the library has not committed yet. */
async function crashAfterBytes(client: LinkClient, contact: string, body: string, id: string): Promise<MemorySecrets> {
  let left: MemorySecrets | undefined;
  const { secrets } = client;
  client.onFrame = () => {
    // The first frame after the claim is the message itself.
    if (secrets.commits.some(({ claim }) => claim)) left ??= secrets.committedCopy();
  };
  await client.send(contact, body, id);
  await delivered(client, id);
  client.link.terminate("crash");
  await client.see("closed", ({ cause }) => cause.kind === "terminated_by_us");
  return left!;
}

describe("pairing and logging in", () => {
  it("pairs by QR code, has stored the credentials when it reports the restart, and logs in with them", async () => {
    const client = await bench.paired();
    expect(client.secrets.credentials).not.toBeNull();
    expect(client.secrets.identity).toMatchObject({ paired: true, phone: `+${client.phone}` });
    const kinds = client.seen.map(({ kind }) => kind).filter((kind) => kind !== "same_person");
    expect(kinds).toEqual(["qr", "paired", "closed", "logged_in", "caught_up"]);
    expect((await client.see("qr")).ttlMs).toBe(60_000);
    expect((await client.see("logged_in")).identity.lid).toMatch(/^\d+@lid$/);
  });

  it("keeps what it stored unreadable without the key", async () => {
    const { secrets } = await bench.paired();
    for (const sealed of [secrets.credentials!, ...secrets.keys.values()]) {
      expect(Buffer.from(sealed, "base64").toString("latin1")).not.toMatch(/"(public|private|noiseKey|type)"/);
    }
  });

  it("refuses damaged credentials instead of pairing anew", async () => {
    const client = bench.client(await bench.paired());
    const envelope = Buffer.from(client.secrets.credentials!, "base64");
    envelope[40]! ^= 1;
    client.secrets.credentials = envelope.toString("base64");
    await expect(client.open()).rejects.toBeInstanceOf(CredentialsUnreadable);
  });

  it("refuses credentials that another key sealed, and changes nothing of them", async () => {
    const credentialsKey = parseCredentialsKey(randomBytes(32).toString("base64"));
    const client = bench.client(await bench.paired(), { credentialsKey });
    const { secrets } = client;
    const before = { credentials: secrets.credentials, keys: [...secrets.keys] };
    await expect(client.open()).rejects.toThrow(/another CREDENTIALS_KEY/);
    expect({ credentials: secrets.credentials, keys: [...secrets.keys] }).toEqual(before);
  });

  it("ends a link whose keys cannot be read, and changes nothing of them", async () => {
    const client = await bench.paired();
    const contact = await lidOf(aContact());
    await delivered(client, await client.send(contact, "before"));
    client.link.terminate("test_cut");
    const next = bench.client(client);
    const { keys } = next.secrets;
    const sessions = [...keys.keys()].filter((name) => name.startsWith("session/"));
    for (const name of sessions) keys.set(name, `${keys.get(name)!.slice(0, -8)}AAAAAAA=`);
    const before = sessions.map((name) => keys.get(name));
    await next.open();
    await next.ready();
    await expect(next.send(contact, "unreadable")).rejects.toBeInstanceOf(Error);
    const { cause } = await next.see("closed");
    expect(cause).toEqual({ kind: "terminated_by_us", reason: "credentials_unreadable" });
    expect(sessions.map((name) => keys.get(name))).toEqual(before);
  });

  it("names a network with another root key a matter of configuration", async () => {
    const details = bench.baileys.WA_CERT_DETAILS;
    const { PUBLIC_KEY } = details;
    details.PUBLIC_KEY = randomBytes(32);
    try {
      const client = bench.client();
      await client.open();
      const { cause } = await client.see("closed");
      expect(cause).toMatchObject({ kind: "configuration", detail: expect.stringContaining("certificate") as string });
    } finally {
      details.PUBLIC_KEY = PUBLIC_KEY;
    }
  });

  it("tells that the device is unlinked after a log-out, and WhatsApp has forgotten it", async () => {
    const client = await bench.paired();
    await client.link.logout();
    expect((await client.see("closed", ({ cause }) => cause.kind !== "restart_required")).cause.kind).toBe("unlinked");
    await waitFor(async () => (await devicesOf(client)).length === 0, { describe: "no linked device" });
  });

  it("tells that the device is unlinked when the phone removes it", async () => {
    const client = await bench.paired();
    await simulator.call("POST", `/phones/${client.phone}/unlink`, { device: 1 });
    const { cause } = await client.see("closed", ({ cause }) => cause.kind !== "restart_required");
    expect(cause.kind).toBe("unlinked");
  });

  it("keeps the device linked when it only ends", async () => {
    const client = await bench.paired();
    await client.link.end();
    expect((await client.see("closed", ({ cause }) => cause.kind !== "restart_required")).cause).toEqual({
      kind: "terminated_by_us",
      reason: "ended",
    });
    expect(await devicesOf(client)).toHaveLength(1);
  });

  it.each([
    ["503", "server_busy"],
    ["429", "rate_limited"],
    ["500", "unclear"],
    ["replaced", "replaced"],
    ["failure_403", "banned"],
    ["failure_405", "client_outdated"],
    ["stream_end", "link_lost"],
    ["reset", "link_lost"],
    ["garbage", "terminated_by_us"],
  ] as const)("names the cause when the server ends the stream with %s", async (ending, cause) => {
    const client = await bench.paired();
    await endFromServer(client, ending);
    expect((await client.see("closed", ({ cause }) => cause.kind !== "restart_required")).cause.kind).toBe(cause);
    await client.open();
    await waitFor(() => client.seen.filter(({ kind }) => kind === "logged_in").length === 2, {
      describe: "login again",
    });
  });
});

describe("a connection that says nothing any more", () => {
  const limits = { ...defaultLimits, silenceMs: 1_000, ackMs: 500 };

  it("is cut, at once and not after a closing handshake", async () => {
    const client = bench.client(await bench.paired(), { limits, watchdogIntervalMs: 100 });
    await client.open();
    await client.ready();
    await endFromServer(client, "mute");
    const { cause } = await client.see("closed");
    expect(cause).toEqual({ kind: "terminated_by_us", reason: "silent" });
  });

  it("is cut when three sends find no answer", async () => {
    const client = bench.client(await bench.paired(), {
      limits: { ...limits, silenceMs: 60_000 },
      watchdogIntervalMs: 100,
    });
    await client.open();
    await client.ready();
    await simulator.call("POST", "/faults", { kind: "drop_ack", sender: client.phone });
    for (const body of ["a", "b", "c"]) await client.send(aContact(), body);
    expect((await client.see("closed")).cause).toEqual({ kind: "terminated_by_us", reason: "sends_unanswered" });
  });

  it("fails a send that was under way, and says whether it may have left", async () => {
    const client = await bench.paired();
    await endFromServer(client, "mute");
    const sending = client.send(aContact(), "into the void");
    client.link.terminate("test_cut");
    await expect(sending).rejects.toMatchObject({ name: "SendFailed", wasWritten: false, wasClaimed: false });
  });
});

describe("sending", () => {
  it("sends a text that is acked, delivered and read", async () => {
    const client = await bench.paired();
    const contact = aContact();
    const id = await client.send(contact, "hello there");
    expect((await client.see("ack", ({ waMessageId }) => waMessageId === id)).error).toBeNull();
    await delivered(client, id);
    await client.see("receipt", ({ waMessageIds, status }) => waMessageIds.includes(id) && status === "read");
    expect(await simulator.ledgerOf(contact, client.phone)).toMatchObject([
      { wa_message_id: id, wire_copies: 1, visible_copies: 1, text_sha256: sha256("hello there") },
    ]);
  });

  it("commits the claim once, together with a ratchet", async () => {
    const client = await bench.paired();
    const contact = aContact();
    await client.send(contact, "first");
    const before = client.secrets.commits.length;
    await delivered(client, await client.send(contact, "second"));
    const commits = client.secrets.commits.slice(before).filter(({ claim }) => claim);
    expect(commits).toMatchObject([{ types: ["session"] }]);
  });

  it("tells the server's refusal of a message", async () => {
    const client = await bench.paired();
    await simulator.call("POST", "/faults", { kind: "ack_error", sender: client.phone, code: 463, times: 1 });
    const id = await client.send(aContact(), "unwanted");
    expect((await client.see("ack", ({ waMessageId }) => waMessageId === id)).error).toBe("463");
  });

  it("asks for a person's devices once, and again when it is told to forget them", async () => {
    const client = await bench.paired();
    const contact = aContact();
    const lookups = () => client.secrets.commits.filter(({ types }) => types.includes("device-list")).length;
    await delivered(client, await client.send(contact, "first"));
    const known = lookups();
    await delivered(client, await client.send(contact, "second"));
    expect(lookups()).toBe(known);
    await client.link.forgetDevices(`${contact}@s.whatsapp.net`);
    await delivered(client, await client.send(contact, "third"));
    expect(lookups()).toBe(known + 1);
  });

  it("sends nothing when the claim is refused, and stays usable", async () => {
    const client = await bench.paired();
    const contact = aContact();
    client.secrets.onWrite = (_writes, claim) => (claim ? "refuse_claim" : "take");
    const refused = client.send(contact, "canceled meanwhile");
    await expect(refused).rejects.toBeInstanceOf(ClaimRefused);
    client.secrets.onWrite = () => "take";
    const id = await client.send(contact, "still wanted");
    await delivered(client, id);
    expect(await simulator.ledgerOf(contact, client.phone)).toMatchObject([
      { wa_message_id: id, failed_decryptions: 0 },
    ]);
    expect(client.seen.filter(({ kind }) => kind === "closed")).toHaveLength(1); // the restart after pairing
  });

  it("serves no device and ends when a ratchet cannot be stored", async () => {
    const client = await bench.paired();
    const contact = aContact();
    await delivered(client, await client.send(contact, "fine"));
    let failures = 0;
    // The claim and one ratchet are taken, the ratchet of the next device is not.
    client.secrets.onWrite = (writes, claim) =>
      writes.some(({ type }) => type === "session") && !claim && failures++ === 0 ? new Error("no database") : "take";
    const failed = client.send(contact, "to some devices only");
    await expect(failed).rejects.toMatchObject({ wasWritten: false, wasClaimed: true });
    await client.see("closed", ({ cause }) => cause.kind === "terminated_by_us" && cause.reason === "store_failed");
    expect(await simulator.ledgerOf(contact, client.phone)).toHaveLength(1);
  });

  it("ends silently and sends nothing when the store says that the lease is lost", async () => {
    const client = await bench.paired();
    const contact = aContact();
    client.secrets.onWrite = () => new LeaseLost();
    await expect(client.send(contact, "too late")).rejects.toBeInstanceOf(Error);
    await client.see("closed", ({ cause }) => cause.kind === "terminated_by_us" && cause.reason === "lease_lost");
    expect(await simulator.ledgerOf(contact, client.phone)).toEqual([]);
  });

  it("lets no frame out past the lease's deadline", async () => {
    const client = await bench.paired();
    const contact = aContact();
    await delivered(client, await client.send(contact, "in time"));
    client.mayAct = false;
    await expect(client.send(contact, "too late")).rejects.toBeInstanceOf(SendFailed);
    await client.see("closed", ({ cause }) => cause.kind === "terminated_by_us" && cause.reason === "lease_lost");
    expect(await simulator.ledgerOf(contact, client.phone)).toHaveLength(1);
  });

  it("refuses what it cannot encode before anything happens", async () => {
    const client = await bench.paired();
    const writes = client.secrets.commits.length;
    await expect(client.sendRow({ type: "image", content: {} }, aContact())).rejects.toThrow(/image cannot be sent/);
    expect(client.secrets.commits).toHaveLength(writes);
  });

  it("gives a device that could not decrypt the message again", async () => {
    const first = await bench.paired();
    const contact = `99905${randomBytes(3).readUIntBE(0, 3)}`.padEnd(11, "0");
    const id = await first.send(contact, "second try");
    await delivered(first, id);
    expect(await simulator.ledgerOf(contact, first.phone)).toMatchObject([
      { wire_copies: 2, visible_copies: 1, failed_decryptions: 1, text_sha256: sha256("second try") },
    ]);
  });

  it("lets accounts that write to one person at once take turns by themselves", async () => {
    const clients = await Promise.all([bench.paired(), bench.paired()]);
    const contact = aContact();
    const sends = clients.flatMap((client) =>
      ["a", "b", "c"].map((body) => ({ client, id: client.send(contact, body) })),
    );
    for (const { client, id } of sends) await delivered(client, await id);
    for (const { phone } of clients) {
      const rows = await simulator.ledgerOf(contact, phone);
      expect(rows.map(({ visible_copies, failed_decryptions }) => [visible_copies, failed_decryptions])).toEqual([
        [1, 0],
        [1, 0],
        [1, 0],
      ]);
    }
  });
});

// Addressed by LID: to a phone number a fresh connection makes a new Signal session, which would hide a repeated counter.
describe("a crash between the bytes and the library's commit", () => {
  it("leaves a ratchet that never repeats: the successor's next message is decryptable", async () => {
    const client = await bench.paired();
    const contact = aContact();
    const lid = await lidOf(contact);
    await delivered(client, await client.send(lid, "before"));
    client.secrets.commits.length = 0;
    const next = bench.client(client);
    next.secrets = await crashAfterBytes(client, lid, "during", newWaMessageId());
    await next.open();
    await next.ready();
    await delivered(next, await next.send(lid, "after"));
    const rows = await simulator.ledgerOf(contact, client.phone);
    expect(rows.map(({ wire_copies, failed_decryptions }) => [wire_copies, failed_decryptions])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
  });

  it("is healed by a repeat under the same id, which the person sees once", async () => {
    const client = await bench.paired();
    const contact = aContact();
    const lid = await lidOf(contact);
    const id = newWaMessageId();
    const next = bench.client(client);
    next.secrets = await crashAfterBytes(client, lid, "once please", id);
    await next.open();
    await next.ready();
    await next.send(lid, "once please", id);
    await next.see("ack", ({ waMessageId }) => waMessageId === id);
    const [row] = await waitFor(
      async () => {
        const rows = await simulator.ledgerOf(contact, client.phone);
        return rows[0]?.wire_copies === 2 && rows;
      },
      { describe: "the second copy" },
    );
    expect(row).toMatchObject({ wire_copies: 2, visible_copies: 1, failed_decryptions: 0 });
  });
});

describe("receiving", () => {
  it("tells a message once, with both of the person's addresses", async () => {
    const client = await bench.paired();
    const contact = aContact();
    const { id } = await simulator.call<{ id: string }>("POST", `/phones/${contact}/messages`, {
      to: client.phone,
      text: "hi",
    });
    const { message } = await client.see("inbound");
    expect(message).toMatchObject({
      waMessageId: id,
      jid: expect.stringMatching(/^\d+@lid$/) as string,
      altJid: `${contact}@s.whatsapp.net`,
      phone: `+${contact}`,
      lid: message.jid,
      type: "text",
      content: { body: "hi" },
      delayed: false,
    });
    await client.see("same_person", ({ pn, lid }) => pn === `${contact}@s.whatsapp.net` && lid === message.jid);
    await delivered(client, await client.send(contact, "hello"));
    expect(client.seen.filter(({ kind }) => kind === "inbound")).toHaveLength(1);
  });

  it("keeps both directions whole when a person answers while we write", async () => {
    const client = await bench.paired();
    const echoPhone = `99903${String(nextContact++).slice(-6)}`;
    const echo = await lidOf(echoPhone);
    const bodies = Array.from({ length: 25 }, (_, index) => `message ${index}`);
    await Promise.all(bodies.map((body) => client.send(echo, body)));
    await waitFor(() => client.seen.filter(({ kind }) => kind === "inbound").length >= bodies.length, {
      describe: "all echoes",
    });
    const heard = client.seen.flatMap((seen) =>
      seen.kind === "inbound" ? [String(seen.message.content["body"])] : [],
    );
    expect(heard.toSorted()).toEqual(bodies.toSorted());
    const rows = await simulator.ledgerOf(echoPhone, client.phone);
    expect(rows.filter(({ failed_decryptions, wire_copies }) => failed_decryptions > 0 || wire_copies > 1)).toEqual([]);
  });

  it("works in the async context of its link, where an uncaught error is its own, and observes outside of it", async () => {
    const client = await bench.paired();
    const [inLibrary, inObserver]: [unknown[], unknown[]] = [[], []];
    client.secrets.onWrite = () => {
      inLibrary.push(currentLink.getStore());
      return "take";
    };
    client.onObserve = () => void inObserver.push(currentLink.getStore());
    await simulator.call("POST", `/phones/${aContact()}/messages`, { to: client.phone, text: "hi" });
    await client.see("inbound");
    expect(inLibrary.length).toBeGreaterThan(0);
    expect(inLibrary.every((link) => link instanceof LinkEnding && link === inLibrary[0])).toBe(true);
    expect(new Set(inObserver)).toEqual(new Set([undefined]));
  });

  it("tells what was written while it was away, and that it is late", async () => {
    const client = await bench.paired();
    await client.link.end();
    const contact = aContact();
    for (const text of ["one", "two"]) {
      await simulator.call("POST", `/phones/${contact}/messages`, { to: client.phone, text });
    }
    const next = bench.client(client);
    await next.open();
    await next.see("inbound", ({ message }) => message.content["body"] === "two");
    const bodies = next.seen.flatMap((seen) =>
      seen.kind === "inbound" ? [[seen.message.content["body"], seen.message.delayed]] : [],
    );
    expect(bodies).toEqual([
      ["one", true],
      ["two", true],
    ]);
  });
});

/** Makes the phone if nobody has met it, and tells its hidden identity. */
async function lidOf(phone: string): Promise<string> {
  return (await simulator.call<{ lid: string }>("POST", "/phones", { phone })).lid;
}

async function devicesOf({ phone }: LinkClient): Promise<unknown[]> {
  return (await simulator.call<{ devices: unknown[] }>("GET", `/phones/${phone}`)).devices;
}

async function endFromServer({ phone }: LinkClient, kind: string): Promise<void> {
  const { links } = await simulator.call<{ links: { id: string; phone: string | null }[] }>("GET", "/links");
  const link = links.find((each) => each.phone === phone);
  await simulator.call("POST", `/links/${link?.id}/end`, { kind });
}
