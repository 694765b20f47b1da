import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Snapshot } from "../src/snapshot.ts";
import { eventually, TestNetwork } from "./client.ts";

const DELIVERED = 3;
const jidOf = (phone: string): string => `${phone}@s.whatsapp.net`;

describe("looking into the network", () => {
  let net: TestNetwork;
  beforeAll(async () => {
    net = await TestNetwork.open({ seed: 13 });
  });
  afterEach(async () => net.clean());
  afterAll(async () => net[Symbol.asyncDispose]());
  const network = () => net.simulator.network;
  const call = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${net.simulator.controlUrl}/sim/v1${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as unknown) };
  };
  /** Lines of an NDJSON stream as they come, until `stop` is called. */
  const follow = async (path: string) => {
    const abort = new AbortController();
    const response = await fetch(`${net.simulator.controlUrl}/sim/v1${path}`, { signal: abort.signal });
    expect(response.headers.get("content-type")).toContain("application/x-ndjson");
    const lines: Record<string, unknown>[] = [];
    const reading = (async () => {
      let rest = "";
      for await (const chunk of response.body ?? []) {
        const parts = (rest + Buffer.from(chunk).toString()).split("\n");
        rest = parts.pop() ?? "";
        for (const line of parts.filter(Boolean)) lines.push(JSON.parse(line) as Record<string, unknown>);
      }
    })().catch(() => undefined);
    return {
      lines,
      stop: async () => {
        abort.abort();
        await reading;
      },
    };
  };

  it("streams the ledger: what is there, what comes, and what changes", async () => {
    const client = await net.pair();
    const first = await client.send(jidOf("15550402000"), "one");
    await eventually("delivered", () => client.reached(first, DELIVERED));
    const stream = await follow(`/ledger?follow=true&sender=${client.phone}`);
    await eventually("the first row", () => stream.lines.some((row) => row["wa_message_id"] === first));
    const second = await client.send(jidOf("99905000009"), "two, at the second try");
    const states = (): unknown[] =>
      stream.lines.filter((row) => row["wa_message_id"] === second).map((row) => row["visible_copies"]);
    await eventually("the second row, then shown", () => states().at(-1) === 1);
    expect(stream.lines.every((row) => row["sender"] === client.phone)).toBe(true);
    await stream.stop();
    const totals = await follow("/ledger/summary?follow=true");
    const third = await client.send(jidOf("15550402000"), "three");
    await eventually("the totals", () => totals.lines.some((line) => line["messages"] === 3));
    expect(third).not.toBe("");
    await totals.stop();
  });

  it("shows the stanzas of a link, without what they carry, also once it has ended", async () => {
    const client = await net.pair();
    await client.send(jidOf("15550402001"), "a secret text");
    const [link] = network().links.values();
    const path = `/links/${link?.id}/recording`;
    type Recorded = { stanzas: { direction: string; stanza: { tag: string; attrs: Record<string, string> } }[] };
    await eventually("the message was recorded", () =>
      link?.recording.list(0, 1000).some(({ stanza, direction }) => stanza.tag === "message" && direction === "in"),
    );
    const live = ((await call("GET", path)).body as Recorded).stanzas;
    expect(live.find(({ stanza }) => stanza.tag === "success")?.direction).toBe("out");
    expect(live.some(({ stanza, direction }) => stanza.tag === "message" && direction === "in")).toBe(true);
    expect(JSON.stringify(live)).not.toContain("secret");
    link?.reset();
    await eventually("the end", () => network().links.size === 0);
    expect(((await call("GET", path)).body as Recorded).stanzas.length).toBeGreaterThan(0);
    expect((await call("GET", "/links/none/recording")).status).toBe(404);
  });

  it("shows queues and the stock of one-time keys", async () => {
    const client = await net.pair();
    await eventually("settled", () => network().accounts.get(client.phone).companions.get(1)?.queue.size === 0);
    await client.close();
    await eventually("the link is gone", () => network().links.size === 0);
    await network().accounts.get("15550402002").phone.write(client.phone, "waiting");
    await call("PATCH", "/phones/15550402003/behaviour", { online: false });
    const other = await net.pair();
    const id = await other.send(jidOf("15550402003"), "waiting too");
    await eventually("ack", () => other.ackOf(id));
    type Queues = { devices: { phone: string; first: { tag: string }[] }[]; away: unknown[] };
    const queues = (await call("GET", "/queues")).body as Queues;
    expect(queues.devices.find(({ phone }) => phone === client.phone)).toMatchObject({
      connected: false,
      size: 1,
      first: [{ tag: "message" }],
    });
    expect(queues.away).toEqual([{ phone: "15550402003", messages: 1 }]);
    const keys = await call("GET", `/prekeys?phone=${other.phone}`);
    expect(keys.body).toMatchObject({ devices: [{ device: 1, one_time_keys: expect.any(Number) }] });
  });

  it("takes a snapshot and goes back to it, devices and waiting messages included", async () => {
    const client = await net.pair();
    const phone = client.phone;
    await client.close();
    await eventually("the link is gone", () => network().links.size === 0);
    await network().accounts.get("15550402004").phone.write(phone, "kept for you");
    const snapshot = (await call("POST", "/snapshot")).body as Snapshot;
    network().unlink(network().accounts.get(phone), 1, "removed_by_phone");
    expect((await call("POST", "/restore", snapshot)).status).toBe(204);
    await client.reconnect();
    await eventually("what waited", () => client.inbound().some(({ text }) => text === "kept for you"));
    const id = await client.send(jidOf("15550402004"), "thanks");
    await eventually("delivered", () => client.reached(id, DELIVERED));

    const strange = await call("POST", "/restore", { ...snapshot, network: "of somebody else" });
    expect(strange).toMatchObject({ status: 409, body: { code: "snapshot_other_network" } });
    const damaged = await call("POST", "/restore", { ...snapshot, accounts: ["{}"] });
    expect(damaged).toMatchObject({ status: 422, body: { code: "snapshot_damaged" } });
    await client.reconnect(); // as before: nothing was lost by the refused ones
  });

  it("sets limits by call and shows what is used", async () => {
    const client = await net.pair();
    const set = await call("PUT", `/limits/${client.phone}`, { new_chat_cap: { total: 1 } });
    expect(set).toMatchObject({ status: 200, body: { new_chats: { used: 0, total: 1 }, locked_until: null } });
    const id = await client.send(jidOf("15550402005"), "hi");
    await eventually("ack", () => client.ackOf(id));
    expect((await call("GET", `/limits/${client.phone}`)).body).toMatchObject({ new_chats: { used: 1 } });
    const banned = await call("PUT", `/limits/${client.phone}`, { ban: { for_s: 60 } });
    expect(banned.status).toBe(200);
    await eventually("the ban", () => client.closeCodes.includes(402));
    expect((await call("PUT", `/limits/${client.phone}`, { ban: { hours: 3 } })).status).toBe(422);
  });
});
