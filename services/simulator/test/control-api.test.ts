import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createControlApi } from "../src/control-api.ts";
import { type Client, eventually, TestNetwork } from "./client.ts";

const READ = 4;

describe("the control API", () => {
  let net: TestNetwork;
  const call = async (
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; type: string; body: Record<string, unknown> }> => {
    const response = await fetch(`${net.simulator.controlUrl}${path}`, {
      method,
      headers: { "content-type": typeof body === "string" ? "text/plain" : "application/json" },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      type: response.headers.get("content-type") ?? "",
      body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
    };
  };
  const scanned = async (phone: string): Promise<Client> => {
    const client = net.client();
    client.connect();
    const qr = await eventually("a QR code", () => client.qrs[0]);
    const answer = await call("POST", `/sim/v1/phones/${phone}/scan-qr`, { qr });
    expect(answer).toMatchObject({ status: 200, body: { jid: `${phone}:1@s.whatsapp.net`, device: 1 } });
    await eventually("the connection is open", () => client.caughtUp > 0);
    return client;
  };

  beforeAll(async () => {
    net = await TestNetwork.open();
  });
  afterEach(async () => net.clean());
  afterAll(async () => net[Symbol.asyncDispose]());

  it("takes a person through a day: scan, write, read, typing, unlink", async () => {
    const client = await scanned("15550001111");
    const made = await call("POST", "/sim/v1/phones", { phone: "+1 555 000 2222", name: "Ann" });
    expect(made).toMatchObject({ status: 201, body: { phone: "15550002222", name: "Ann", devices: [] } });

    const written = await call("POST", "/sim/v1/phones/15550002222/messages", { to: "15550001111", text: "hello" });
    expect(written.status).toBe(201);
    const received = await eventually("the message", () => client.inbound()[0]);
    expect(received).toMatchObject({ text: "hello", id: written.body["id"] });

    await call("PATCH", "/sim/v1/phones/15550002222/behaviour", { reads_after_ms: "never" });
    const id = await client.send("15550002222@s.whatsapp.net", "hi ann");
    await eventually("her chat", () => net.simulator.network.chats.find("15550002222", id));
    const chats = await call("GET", "/sim/v1/phones/15550002222/chats");
    expect(chats.body["chats"]).toMatchObject([
      { chat: "15550001111", messages: 2, unread: 1, last: { text: "hi ann" } },
    ]);
    expect((await call("POST", "/sim/v1/phones/15550002222/read", { chat: "15550001111" })).body).toEqual({ read: 1 });
    await eventually("read", () => client.reached(id, READ));

    const typing = new Promise((resolve) => client.socket.ev.on("presence.update", resolve));
    await call("POST", "/sim/v1/phones/15550002222/typing", { to: "15550001111" });
    expect(JSON.stringify(await typing)).toContain("composing");

    expect((await call("POST", "/sim/v1/phones/15550001111/unlink", { device: 1 })).status).toBe(204);
    await eventually("the end", () => client.closeCodes.includes(401));
    expect((await call("GET", "/sim/v1/phones/15550001111")).body["devices"]).toEqual([]);
  });

  it("shows the ledger page by page, and its summary", async () => {
    const client = await scanned("15550003333");
    for (const text of ["a", "b", "c"]) await client.send("15550004444@s.whatsapp.net", text);
    const { ledger } = net.simulator.network;
    await eventually("all shown", () => ledger.summary("15550003333").visible_copies === 3);
    const first = await call("GET", "/sim/v1/ledger?sender=15550003333&limit=2");
    expect(first.body["rows"]).toMatchObject([{ arrival: 1 }, { arrival: 2 }]);
    const second = await call("GET", `/sim/v1/ledger?sender=15550003333&limit=2&after=${String(first.body["next"])}`);
    expect(second.body).toMatchObject({ rows: [{ arrival: 3 }], next: null });
    const summary = await call("GET", "/sim/v1/ledger/summary?sender=15550003333");
    expect(summary.body).toMatchObject({ phones: 1, messages: 3, wire_copies: 3, duplicates_visible: 0 });
    expect((await call("POST", "/sim/v1/reset")).status).toBe(204);
    expect((await call("GET", "/sim/v1/ledger/summary")).body).toMatchObject({ messages: 0, phones: 0 });
  });

  it("injects faults and endings", async () => {
    const client = await scanned("15550005555");
    const fault = await call("POST", "/sim/v1/faults", { kind: "ack_error", code: 463, sender: "15550005555" });
    expect(fault).toMatchObject({ status: 201, body: { code: 463, hits: 0 } });
    const id = await client.send("15550004444@s.whatsapp.net", "x");
    expect((await eventually("ack", () => client.ackOf(id))).attrs["error"]).toBe("463");
    expect((await call("DELETE", `/sim/v1/faults/${String(fault.body["id"])}`)).status).toBe(204);
    const links = (await call("GET", "/sim/v1/links")).body["links"] as { id: string; phone: string }[];
    const link = links.find(({ phone }) => phone === "15550005555");
    expect((await call("POST", `/sim/v1/links/${link?.id}/end`, { kind: "503" })).status).toBe(204);
    await eventually("the end", () => client.closeCodes.includes(503));
    await client.reconnect();
    const ended = await call("POST", "/sim/v1/links/end", { kind: "reset", phone: "15550005555" });
    expect(ended.body).toEqual({ ended: 1 });
  });

  it("links by the raw QR text, as Baileys' own end-to-end tests do", async () => {
    const client = net.client();
    client.connect();
    const qr = await eventually("a QR code", () => client.qrs[0]);
    expect((await call("POST", "/admin/mock-phone/scan-qr", qr)).status).toBe(204);
    await eventually("the connection is open", () => client.caughtUp > 0);
    expect(client.phone).toMatch(/^1555\d{7}$/);
  });

  it.each([
    ["POST", "/sim/v1/phones", { phone: "abc" }, 422],
    ["POST", "/sim/v1/phones", { phone: "15550001111", shoe_size: 43 }, 422],
    ["PATCH", "/sim/v1/phones/15550001111/behaviour", { reads_after_ms: -1 }, 422],
    ["POST", "/sim/v1/phones/15550001111/scan-qr", { qr: "not a code" }, 422],
    [
      "POST",
      "/sim/v1/phones/15550001111/scan-qr",
      { qr: `2@x,${"A".repeat(43)}=,${"A".repeat(43)}=,${"A".repeat(43)}=,1` },
      410,
    ],
    ["POST", "/sim/v1/phones/15550001111/enter-code", { code: "ABCD1234" }, 410],
    ["POST", "/sim/v1/phones/15550001111/messages", { to: "99900000001", text: "hi" }, 422],
    ["POST", "/sim/v1/phones/15550001111/unlink", { device: 99 }, 404],
    ["POST", "/sim/v1/links/none/end", { kind: "503" }, 404],
    ["GET", "/sim/v1/ledger?limit=0", undefined, 422],
    ["GET", "/sim/v1/phones/15559999999", undefined, 404],
    ["GET", "/nowhere", undefined, 404],
  ])("refuses %s %s with %j by problem details with status %i", async (method, path, body, status) => {
    const answer = await call(method, path, body);
    expect(answer).toMatchObject({ status, body: { status, code: expect.any(String), detail: expect.any(String) } });
    expect(answer.type).toContain("application/problem+json");
  });

  it("refuses a body that is not JSON", async () => {
    const response = await fetch(`${net.simulator.controlUrl}/sim/v1/phones`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{",
    });
    expect(response.status).toBe(400);
  });

  it("has a page of its own that needs nothing from elsewhere", async () => {
    const page = await fetch(`${net.simulator.controlUrl}/`);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
    const html = await page.text();
    const needed = [...html.matchAll(/(?:href|src)="([^":]+)"/g)].map(([, path]) => path);
    expect(needed).toEqual(expect.arrayContaining(["face.css", "face.js", "openapi.json"]));
    for (const path of [...needed, "api.js", "phone.js", "presets.js"]) {
      expect([path, (await fetch(`${net.simulator.controlUrl}/${path}`)).status]).toEqual([path, 200]);
    }
  });

  it("describes every route it has, and has every route it describes", async () => {
    const { paths } = (await call("GET", "/openapi.json")).body as { paths: Record<string, Record<string, unknown>> };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const app = createControlApi(net.simulator.network, undefined);
    const served = (app.router as { stack: { route?: { path: string; methods: Record<string, boolean> } }[] }).stack
      .flatMap(({ route }) => (route ? [route] : []))
      .flatMap(({ path, methods }) => Object.keys(methods).map((method) => `${method} ${path}`))
      .map((each) => each.replaceAll(/:(\w+)/g, "{$1}"));
    expect(served.length).toBeGreaterThan(40);
    expect(described.toSorted()).toEqual(served.toSorted());
    expect((await call("GET", "/readyz")).body).toEqual({ status: "ok" });
    expect((await call("GET", "/sim/v1/root-key")).body).toEqual({
      public_key: expect.stringMatching(/^[\w+/]{43}=$/),
    });
  });
});
