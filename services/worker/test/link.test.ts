import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LinkBench, sha256 } from "./link-client.ts";
import { type SimulatorProcess, startSimulator } from "./simulator-process.ts";

const contact = "15550002222";

describe("a WhatsApp link on the simulated network", () => {
  let simulator: SimulatorProcess;
  let bench: LinkBench;

  beforeAll(async () => {
    simulator = await startSimulator();
    bench = await LinkBench.open(simulator);
  });
  afterEach(() => bench.cutAll());
  afterAll(async () => simulator[Symbol.asyncDispose]());

  it("pairs by QR code, has stored the credentials when it reports the restart, and logs in with them", async () => {
    const client = await bench.paired();
    expect(client.secrets.credentials).not.toBeNull();
    expect(client.secrets.identity).toMatchObject({ paired: true, phone: `+${client.phone}` });
    const kinds = client.seen.map(({ kind }) => kind).filter((kind) => kind !== "same_person");
    expect(kinds).toEqual(["qr", "paired", "closed", "logged_in", "caught_up"]);
    expect((await client.see("qr")).ttlMs).toBe(60_000);
    expect((await client.see("logged_in")).identity.lid).toMatch(/^\d+@lid$/);
  });

  it("sends a text that is acked, delivered and read", async () => {
    const client = await bench.paired();
    const id = await client.send(contact, "hello there");
    expect((await client.see("ack", ({ waMessageId }) => waMessageId === id)).error).toBeNull();
    await client.see("receipt", ({ waMessageIds, status }) => waMessageIds.includes(id) && status === "delivered");
    await client.see("receipt", ({ waMessageIds, status }) => waMessageIds.includes(id) && status === "read");
    expect(await simulator.ledgerOf(contact, client.phone)).toMatchObject([
      { wa_message_id: id, wire_copies: 1, visible_copies: 1, text_sha256: sha256("hello there") },
    ]);
  });
});
