import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { announceLock } from "../src/announce-limits.ts";
import { endLink } from "../src/endings.ts";
import { faultSchema } from "../src/fault-schema.ts";
import { AccountLimits, limitsSchema } from "../src/limits.ts";
import { type Client, eventually, TestNetwork } from "./client.ts";

const [DELIVERED, READ] = [3, 4];
const jidOf = (phone: string): string => `${phone}@s.whatsapp.net`;
const contact = "15550302000";

describe("faults", () => {
  let net: TestNetwork;
  beforeAll(async () => {
    net = await TestNetwork.open({ seed: 12 });
  });
  afterEach(async () => net.clean());
  afterAll(async () => net[Symbol.asyncDispose]());
  const network = () => net.simulator.network;
  const inject = (fault: Record<string, unknown>) => network().faults.add(faultSchema.parse(fault));
  const linkOf = (client: Client) =>
    eventually("a link", () => network().accounts.get(client.phone).companions.get(1)?.link);
  const acksOf = (client: Client, id: string): number => client.acks.filter(({ attrs }) => attrs["id"] === id).length;
  const limit = (phone: string, of: Record<string, unknown>): void =>
    void network().limits.set(phone, new AccountLimits(limitsSchema.parse(of), Date.now()));

  it("lose, repeat and reorder acks while the messages arrive", async () => {
    const client = await net.pair();
    const hello = await client.send(jidOf(contact), "hello"); // opens the chat: from here on messages leave in order
    await eventually("ack", () => client.ackOf(hello));
    inject({ kind: "drop_ack", times: 1 });
    const lost = await client.send(jidOf(contact), "lost ack");
    await eventually("delivered", () => client.reached(lost, DELIVERED));
    inject({ kind: "duplicate_ack", copies: 2, times: 1 });
    const twice = await client.send(jidOf(contact), "three acks");
    await eventually("three acks", () => acksOf(client, twice) === 3);
    inject({ kind: "reorder_ack", delay_ms: 10_000, times: 1 });
    const first = await client.send(jidOf(contact), "first");
    const second = await client.send(jidOf(contact), "second");
    await eventually("both acks", () => client.ackOf(first) && client.ackOf(second));
    const order = client.acks.map(({ attrs }) => attrs["id"]);
    expect(order.indexOf(second)).toBeLessThan(order.indexOf(first));
    expect(acksOf(client, lost)).toBe(0);
  });

  it("lose messages that were acknowledged, and show that the ledger knows", async () => {
    const client = await net.pair();
    inject({ kind: "lose_message", recipient: contact, times: 1 });
    const lost = await client.send(jidOf(contact), "gone");
    const kept = await client.send(jidOf(contact), "here");
    await eventually("acks", () => client.ackOf(lost) && client.ackOf(kept));
    await eventually("delivered", () => client.reached(kept, DELIVERED));
    const rows = network().ledger.page({ sender: client.phone, after: 0, limit: 10 });
    expect(rows.map(({ wa_message_id }) => wa_message_id)).toEqual([kept]);
  });

  it("carry a message twice, which the phone shows once", async () => {
    const client = await net.pair();
    inject({ kind: "duplicate_message", copies: 1 });
    const id = await client.send(jidOf(contact), "twice on the wire");
    await eventually("two copies", () => network().ledger.summary(client.phone).wire_copies === 2);
    await eventually("read", () => client.reached(id, READ));
    expect(network().ledger.summary(client.phone)).toMatchObject({ visible_copies: 1, duplicates_wire: 1 });
  });

  it("slow a link down without changing the order of what goes over it", async () => {
    const client = await net.pair();
    await client.send(jidOf(contact), "hello");
    inject({ kind: "latency", sender: client.phone, delay_ms: 60, jitter_ms: 60 });
    const began = performance.now();
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) ids.push(await client.send(jidOf(contact), `slow ${index}`));
    await eventually("all acks", () => ids.every((id) => client.ackOf(id)));
    expect(performance.now() - began).toBeGreaterThan(110);
    expect(client.acks.map(({ attrs }) => attrs["id"]).filter((id) => ids.includes(id ?? ""))).toEqual(ids);
    const { rows } = { rows: network().ledger.page({ sender: client.phone, after: 0, limit: 10 }) };
    expect(rows.map(({ wa_message_id }) => wa_message_id).slice(-5)).toEqual(ids);
  });

  it("cut the link of a client in the middle of its sending", async () => {
    const client = await net.pair();
    inject({ kind: "end_link", ending: "503", on: "message", after: 1, times: 1 });
    await client.send(jidOf(contact), "one");
    await client.send(jidOf(contact), "two");
    await eventually("the end", () => client.closeCodes.includes(503));
    await client.reconnect();
    const id = await client.send(jidOf(contact), "three");
    await eventually("delivered", () => client.reached(id, DELIVERED));
    expect(client.closeCodes).toEqual([515, 503]);
  });

  it.each<[Record<string, unknown>, number]>([
    [{ kind: "refuse_login", code: 503 }, 503],
    [{ kind: "refuse_login", code: 402, expire_s: 90 }, 402],
    [{ kind: "refuse_login", code: 405 }, 405],
    [{ kind: "bad_certificate" }, 400],
    [{ kind: "end_link", on: "login", ending: "replaced" }, 440],
    [{ kind: "end_link", on: "login", ending: "downgrade" }, 411],
  ])("%j closes with %i", async (fault, code) => {
    const client = await net.pair();
    (await linkOf(client)).reset();
    await eventually("the end", () => client.closeCodes.includes(428));
    inject({ ...fault, times: 1 });
    client.connect();
    await eventually("the refusal", () => client.closeCodes.length > 2);
    expect(client.closeCodes).toEqual([515, 428, code]);
    await client.reconnect();
  });

  it("tell the end of a temporary ban, and let the account in afterwards", async () => {
    const client = await net.pair();
    let data: unknown;
    client.socket.ev.on("connection.update", ({ lastDisconnect }) => {
      data ??= (lastDisconnect?.error as { data?: unknown } | undefined)?.data;
    });
    endLink(await linkOf(client), "failure_402", { expireSeconds: 120 });
    await eventually("the end", () => client.closeCodes.includes(402));
    expect(data).toMatchObject({ reason: "402", expire: "120" });
    limit(client.phone, { ban: { code: "402", for_s: 1 } });
    client.connect();
    await eventually("the refusal", () => client.closeCodes.filter((code) => code === 402).length === 2);
    await eventually("the end of the ban", () => network().limits.get(client.phone)!.bannedUntil < Date.now());
    await client.reconnect();
  });

  it("mute one direction: what the client says still counts", async () => {
    const client = await net.pair();
    await client.send(jidOf(contact), "hello");
    const link = await linkOf(client);
    endLink(link, "mute_out");
    const [heard, unheard] = ["3EB0HEARD0000001", "3EB0HEARD0000002"];
    // Queries stay unanswered as well: these promises settle with the connection.
    void client.send(jidOf(contact), "do you hear me?", heard).catch(() => undefined);
    await eventually("it arrived", () =>
      network()
        .ledger.page({ waMessageId: heard, after: 0, limit: 1 })
        .some(({ visible_copies }) => visible_copies === 1),
    );
    expect(acksOf(client, heard)).toBe(0);
    endLink(link, "mute");
    void client.send(jidOf(contact), "and now?", unheard).catch(() => undefined);
    expect(network().ledger.page({ waMessageId: unheard, after: 0, limit: 1 })).toEqual([]);
  });

  it("leave queries without an answer, or refuse them as over the limit", async () => {
    const client = await net.pair();
    const known = await client.send(jidOf(contact), "hello");
    await eventually("delivered", () => client.reached(known, DELIVERED));
    inject({ kind: "refuse_query", xmlns: "usync" });
    await expect(client.socket.onWhatsApp("+15550302001")).rejects.toThrow("rate-overlimit");
    network().faults.clear();
    inject({ kind: "refuse_query" });
    await expect(client.socket.groupFetchAllParticipating()).rejects.toThrow("rate-overlimit");
    const withheld = inject({ kind: "withhold_prekeys" });
    const cold = "3EB0COLD00000001";
    void client.send(jidOf("15550302009"), "no keys for you", cold).catch(() => undefined);
    await eventually("the client has asked", () => withheld.hits === 1);
    expect(client.ackOf(cold)).toBeUndefined();
  });

  it("refuse to become a WebSocket", async () => {
    inject({ kind: "refuse_upgrade", code: 403, times: 1 });
    const refused = new WebSocket(net.simulator.webSocketUrl);
    const [error] = (await once(refused, "error")) as [Error];
    expect(error.message).toContain("403");
    const accepted = new WebSocket(net.simulator.webSocketUrl);
    await once(accepted, "open");
    accepted.terminate();
  });

  it("give bundles without one-time keys, which work all the same", async () => {
    const client = await net.pair();
    inject({ kind: "starve_prekeys" });
    const id = await client.send(jidOf("15550302010"), "without a one-time key");
    await eventually("delivered", () => client.reached(id, DELIVERED));
    expect(network().ledger.page({ waMessageId: id, after: 0, limit: 1 })).toMatchObject([{ failed_decryptions: 0 }]);
  });

  it("withhold the marker that ends the offline queue", async () => {
    const client = await net.pair();
    (await linkOf(client)).reset();
    await eventually("the end", () => client.closeCodes.includes(428));
    inject({ kind: "withhold_offline_marker" });
    await network().accounts.get(contact).phone.write(client.phone, "waiting");
    const { caughtUp, opened } = client;
    client.connect();
    await eventually("open", () => client.opened > opened);
    await eventually("the message on the wire", () => client.stanzas.some(({ attrs }) => attrs["offline"] === "0"));
    expect(client.caughtUp).toBe(caughtUp);
  });

  it("announce the reach-out lock, refuse new chats, and let old ones go on", async () => {
    const client = await net.pair();
    const old = await client.send(jidOf(contact), "we know each other");
    await eventually("delivered", () => client.reached(old, DELIVERED));
    const locks: unknown[] = [];
    client.socket.ev.on(
      "connection.update",
      ({ reachoutTimeLock }) => reachoutTimeLock && locks.push(reachoutTimeLock),
    );
    limit(client.phone, { reach_out_lock: { for_s: 600, enforcement_type: "WEB_COMPANION_ONLY" } });
    announceLock(network(), client.phone);
    await eventually("the announcement", () => locks.length > 0);
    expect(locks[0]).toMatchObject({ isActive: true, enforcementType: "WEB_COMPANION_ONLY" });
    const cold = await client.send(jidOf("15550302020"), "cold");
    expect((await eventually("ack", () => client.ackOf(cold))).attrs["error"]).toBe("463");
    const warm = await client.send(jidOf(contact), "warm");
    await eventually("delivered", () => client.reached(warm, DELIVERED));
    expect(await client.socket.fetchAccountReachoutTimelock()).toMatchObject({ isActive: true });
  });

  it("count new chats against the cap and say so, and lock by the hidden limit", async () => {
    const client = await net.pair();
    const caps: { capping_status?: string; used_quota?: number }[] = [];
    client.socket.ev.on("message-capping.update", (cap) => caps.push(cap));
    limit(client.phone, { new_chat_cap: { total: 2 }, hidden_cold_limit: { new_chats: 5 } });
    const ids: string[] = [];
    for (const phone of ["15550302030", "15550302031", "15550302032"]) ids.push(await client.send(jidOf(phone), "hi"));
    const errors = await eventually(
      "acks",
      () => ids.every((id) => client.ackOf(id)) && ids.map((id) => client.ackOf(id)),
    );
    expect(errors.map((ack) => ack?.attrs["error"])).toEqual([undefined, undefined, "463"]);
    await eventually("two announcements", () => caps.length === 2);
    expect(caps).toMatchObject([{ capping_status: "FIRST_WARNING" }, { capping_status: "CAPPED", used_quota: 2 }]);
    expect(await client.socket.fetchNewChatMessageCap()).toMatchObject({ total_quota: 2, capping_status: "CAPPED" });
  });
});
