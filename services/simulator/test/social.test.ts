import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { setBlocked } from "../src/blocking.ts";
import { sampleFiles } from "../src/people/sample-files.ts";
import { type Client, eventually, TestNetwork } from "./client.ts";

const contact = "15550008001";
const jidOf = (phone: string): string => `${phone}@s.whatsapp.net`;
const picture = Buffer.from(sampleFiles.image.data, "base64");

describe.each(["lid", "pn"] as const)("people around Baileys clients with %s addressing", (addressing) => {
  let net: TestNetwork;
  const rows = (phone: string, client: Client) =>
    net.simulator.network.ledger.page({ phone, sender: client.phone, after: 0, limit: 100 });
  const control = (path: string, body: object, method = "POST") =>
    fetch(`${net.simulator.controlUrl}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  beforeAll(async () => {
    net = await TestNetwork.open({ addressing, tls: true });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await net.clean();
  });
  afterAll(async () => net[Symbol.asyncDispose]());

  it("shows who is online and who types, to those who asked", async () => {
    const [ann, bob] = [await net.pair(), await net.pair()];
    const seen: { id: string; presence: string | undefined; lastSeen: number | undefined }[] = [];
    ann.socket.ev.on("presence.update", ({ id, presences }) => {
      for (const { lastKnownPresence, lastSeen } of Object.values(presences)) {
        seen.push({ id, presence: lastKnownPresence, lastSeen });
      }
    });
    await ann.socket.presenceSubscribe(jidOf(bob.phone));
    await bob.socket.sendPresenceUpdate("available");
    await eventually("bob is online", () =>
      seen.some(({ id, presence }) => id === jidOf(bob.phone) && presence === "available"),
    );
    await bob.socket.sendPresenceUpdate("composing", jidOf(ann.phone));
    await eventually("bob types", () => seen.some(({ presence }) => presence === "composing"));
    await bob.close();
    const gone = await eventually("bob is gone", () => seen.find(({ lastSeen }) => lastSeen));
    expect(gone).toMatchObject({ id: jidOf(bob.phone), presence: "unavailable" });
  });

  it("sets, shows, hides and takes away a profile picture", async () => {
    const [ann, bob] = [await net.pair(), await net.pair()];
    await expect(ann.socket.profilePictureUrl(jidOf(bob.phone))).rejects.toThrow("item-not-found");
    await bob.socket.updateProfilePicture(jidOf(bob.phone), picture);
    const url = (await ann.socket.profilePictureUrl(jidOf(bob.phone), "image")) ?? "";
    expect((await fetch(url)).status).toBe(200);
    await bob.socket.updateProfilePicturePrivacy("none");
    expect((await bob.socket.fetchPrivacySettings(true))["profile"]).toBe("none");
    await expect(ann.socket.profilePictureUrl(jidOf(bob.phone))).rejects.toThrow("not-authorized");
    await bob.socket.updateProfilePicturePrivacy("all");
    await bob.socket.removeProfilePicture(jidOf(bob.phone));
    await expect(ann.socket.profilePictureUrl(jidOf(bob.phone))).rejects.toThrow("item-not-found");
  });

  it("gives the about line, and tells of a contact's new picture", async () => {
    const [ann, bob] = [await net.pair(), await net.pair()];
    await bob.socket.updateProfileStatus("busy");
    const about = (await ann.socket.fetchStatus(jidOf(bob.phone)))?.[0] as { status?: { status?: string } } | undefined;
    expect(about?.status?.status).toBe("busy");
    await ann.send(jidOf(contact), "hello");
    await eventually("the contact knows ann", () => rows(contact, ann).length > 0);
    const changed = new Promise((resolve) => ann.socket.ev.on("contacts.update", resolve));
    const data = { name: "Cleo", picture: picture.toString("base64") };
    expect((await control(`/sim/v1/phones/${contact}/profile`, data, "PATCH")).status).toBe(200);
    expect(await changed).toMatchObject([{ imgUrl: "changed" }]);
  });

  it("brings nothing from a number that is blocked, in either direction, and says so to nobody", async () => {
    const client = await net.pair();
    const { network } = net.simulator;
    setBlocked(network, contact, client.phone, true);
    const id = await client.send(jidOf(contact), "can you hear me?");
    expect((await eventually("the ack", () => client.ackOf(id))).attrs["error"]).toBeUndefined();
    setBlocked(network, contact, client.phone, false);
    const second = await client.send(jidOf(contact), "and now?");
    await eventually("the second", () => client.reached(second, 3));
    expect(rows(contact, client).map(({ wa_message_id }) => wa_message_id)).toEqual([second]);
    await client.socket.updateBlockStatus(jidOf(contact), "block");
    expect(await client.socket.fetchBlocklist()).toHaveLength(1);
    await network.accounts.get(contact).phone.write(client.phone, "unheard");
    await client.socket.updateBlockStatus(jidOf(contact), "unblock");
    await network.accounts.get(contact).phone.write(client.phone, "heard");
    await eventually("the later message", () => client.inbound().some(({ text }) => text === "heard"));
    expect(client.inbound().some(({ text }) => text === "unheard")).toBe(false);
  });

  it("tells the other devices of an account whom the phone blocked", async () => {
    const client = await net.pair();
    const told = new Promise((resolve) => client.socket.ev.on("blocklist.update", resolve));
    expect((await control(`/sim/v1/phones/${client.phone}/block`, { who: contact })).status).toBe(204);
    expect(await told).toMatchObject({ type: "add" });
  });

  it("takes status posts for the people they are meant for", async () => {
    const [ann, bob] = [await net.pair(), await net.pair()];
    const statusJidList = [contact, bob.phone].map(jidOf);
    const id = await ann.sendContent("status@broadcast", { text: "at the sea" }, { statusJidList });
    expect((await eventually("the ack", () => ann.ackOf(id))).attrs["error"]).toBeUndefined();
    expect((await bob.arrived(id)).key.remoteJid).toBe("status@broadcast");
    await eventually("the contact saw it", () => rows(contact, ann)[0]?.kind === "text");
    const answer = await control(`/sim/v1/phones/${contact}/messages`, { to: bob.phone, text: "hi" });
    expect(answer.status).toBe(201);
    const posted = await control(`/sim/v1/phones/${contact}/messages`, { to: "status@broadcast", text: "me too" });
    const { id: theirs } = (await posted.json()) as { id: string };
    expect((await bob.arrived(theirs)).key).toMatchObject({ remoteJid: "status@broadcast", fromMe: false });
  });

  it("lets a person's call ring and a client reject it", async () => {
    const client = await net.pair();
    const calls: { id: string; status: string; from: string; isVideo?: boolean }[] = [];
    client.socket.ev.on("call", (events) => void calls.push(...events));
    const offered = await control(`/sim/v1/phones/${contact}/calls`, { to: client.phone, video: true });
    const { id } = (await offered.json()) as { id: string };
    const ring = await eventually("it rings", () => calls.find((call) => call.id === id));
    expect(ring).toMatchObject({ status: "offer", isVideo: true });
    await client.socket.rejectCall(id, ring.from);
    expect(net.simulator.network.calls.get(id)?.state).toBe("rejected");
    const second = net.simulator.network.calls.offer(net.simulator.network, contact, client.phone, false);
    net.simulator.network.calls.end(net.simulator.network, second, "timeout");
    await eventually("it stops", () => calls.some((call) => call.id === second.id && call.status === "timeout"));
  });

  it.each(["inline", "media"] as const)("gives a new device the phone's past, %s", async (by) => {
    const { network, webSocketUrl } = net.simulator;
    const phone = by === "inline" ? "15550009101" : "15550009102";
    network.accounts.get(phone).behaviour.history = { chats: 30, messages: 4, by };
    await network.accounts.get(contact).phone.write(phone, "from before");
    await eventually("it is on the phone", () => network.chats.chats(phone).length > 0);
    const client = net.client();
    // A history notification names no host, so the library looks for the file at WhatsApp's own media server.
    const { fetch: original } = globalThis;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) =>
      original(
        (url as string | URL).toString().replace("https://mmg.whatsapp.net/", `https://${new URL(webSocketUrl).host}/`),
        init,
      ),
    );
    await net.pair(phone, client);
    await eventually("all chats", () => client.history.chats.size === 31);
    expect(client.history.messages.size).toBe(30 * 4 + 1);
    expect(vi.mocked(fetch).mock.calls.length > 0).toBe(by === "media");
  });

  it("makes a client upload one-time keys before the last is gone", async () => {
    const client = await net.pair();
    const companion = net.simulator.network.accounts.get(client.phone).companions.get(1);
    companion?.keys.oneTimeKeys.splice(5);
    net.simulator.network.takeBundle({ phone: client.phone, device: 1 });
    await eventually("fresh keys", () => (companion?.keys.oneTimeKeys.length ?? 0) > 5);
    expect(companion?.keys.oneTimeKeys).toHaveLength(9); // four were left, five came
  });

  it("answers newsletters with a clear error", async () => {
    const client = await net.pair();
    const id = await client.socket.relayMessage("120363000000000001@newsletter", { conversation: "news" }, {});
    expect((await eventually("the ack", () => client.ackOf(id))).attrs["error"]).toBe("501");
  });
});
