import { createHash, randomBytes } from "node:crypto";
import {
  type AnyMessageContent,
  downloadContentFromMessage,
  downloadMediaMessage,
  toBuffer,
} from "@whiskeysockets/baileys";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { faultSchema } from "../src/fault-schema.ts";
import { personContent } from "../src/people/person-content.ts";
import { sampleFiles } from "../src/people/sample-files.ts";
import { eventually, TestNetwork } from "./client.ts";

const contact = "15550006001";
const jidOf = (phone: string): string => `${phone}@s.whatsapp.net`;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const file = randomBytes(100_000);
const image = Buffer.from(sampleFiles.image.data, "base64");

describe("files of Baileys clients on the simulated network", () => {
  let net: TestNetwork;
  const lineOf = (phone: string, id: string) => net.simulator.network.chats.find(phone, id);

  beforeAll(async () => {
    net = await TestNetwork.open({ tls: true, mediaMebibytes: 1 });
  });
  afterEach(async () => net.clean());
  afterAll(async () => net[Symbol.asyncDispose]());

  const kinds: [string, AnyMessageContent, Buffer][] = [
    ["image", { image, caption: "look" }, image],
    ["video", { video: file, caption: "watch" }, file],
    ["audio", { audio: file, mimetype: "audio/mp4" }, file],
    ["voice", { audio: file, ptt: true, mimetype: "audio/ogg; codecs=opus" }, file],
    ["document", { document: file, mimetype: "application/pdf", fileName: "offer.pdf" }, file],
    ["sticker", { sticker: file }, file],
  ];
  it.each(kinds)("carries a %s to a contact byte for byte, and to a paired account", async (kind, content, bytes) => {
    const [ann, bob] = [await net.pair(), await net.pair()];
    const id = await ann.sendContent(jidOf(contact), content);
    const line = await eventually("the contact has it", () => lineOf(contact, id));
    expect(line).toMatchObject({ kind, details: { media: { sha256: sha256(bytes), download: "intact" } } });
    const second = await ann.sendContent(jidOf(bob.phone), content);
    const received = await bob.arrived(second);
    expect(sha256(await downloadMediaMessage(received, "buffer", {}))).toBe(sha256(bytes));
  });

  it("refuses and delays files by fault: uploads fail, downloads fail and heal", async () => {
    const client = await net.pair();
    const { faults } = net.simulator.network;
    const upload = faults.add(faultSchema.parse({ kind: "media", operation: "upload", status: 403 }));
    await expect(client.sendContent(jidOf(contact), { image })).rejects.toThrow("upload");
    expect(upload.hits).toBeGreaterThan(0);
    faults.clear();
    faults.add(faultSchema.parse({ kind: "media", operation: "download", status: 410, times: 1 }));
    faults.add(faultSchema.parse({ kind: "media", status: 200, delay_ms: 150 }));
    const began = performance.now();
    const id = await client.sendContent(jidOf(contact), { document: file, mimetype: "application/pdf" });
    expect(performance.now() - began).toBeGreaterThan(140);
    const document = client.sent.get(id)?.documentMessage ?? {};
    await expect(downloadContentFromMessage(document, "document", {})).rejects.toThrow("Failed to fetch");
    const bytes = await toBuffer(await downloadContentFromMessage(document, "document", {}));
    expect(bytes.equals(file)).toBe(true);
  });

  it("gives a part of a file", async () => {
    const client = await net.pair();
    const id = await client.sendContent(jidOf(contact), { document: file, mimetype: "application/pdf" });
    const document = client.sent.get(id)?.documentMessage;
    const part = await toBuffer(
      await downloadContentFromMessage(document ?? {}, "document", { startByte: 40_000, endByte: 50_000 }),
    );
    expect(part.equals(file.subarray(40_000, 50_000))).toBe(true);
  });

  it.each(["image", "video", "audio", "voice", "document", "sticker"] as const)(
    "brings a %s that a person sends",
    async (type) => {
      const client = await net.pair();
      const content = personContent.parse({ type });
      const id = await net.simulator.network.accounts.get(contact).phone.write(client.phone, content);
      const received = await client.arrived(id);
      const bytes = await downloadMediaMessage(received, "buffer", {});
      expect(bytes.toString("base64")).toBe(sampleFiles[type].data);
    },
  );

  async function imageFromContact() {
    const client = await net.pair();
    const { phone } = net.simulator.network.accounts.get(contact);
    const id = await phone.write(client.phone, { type: "image", view_once: false });
    const received = await client.arrived(id);
    return { client, received, path: received.message?.imageMessage?.directPath ?? "" };
  }

  it("has the phone upload a file again that the server has lost", async () => {
    const { client, received, path } = await imageFromContact();
    net.simulator.network.media.withdraw(path);
    await expect(downloadMediaMessage(received, "buffer", {})).rejects.toMatchObject({ output: { statusCode: 404 } });
    await client.socket.refreshMediaConn();
    const again = await client.socket.updateMediaMessage(received);
    expect(sha256(await downloadMediaMessage(again, "buffer", {}))).toBe(sha256(image));
  });

  it("keeps no more bytes than configured, and says that a forgotten file is gone for good", async () => {
    const { client, received } = await imageFromContact();
    const { media } = net.simulator.network;
    for (let count = 0; count < 12; count++) media.put(randomBytes(100_000));
    expect(media.bytes).toBeLessThanOrEqual(1024 * 1024);
    await expect(client.socket.updateMediaMessage(received)).rejects.toMatchObject({ output: { statusCode: 404 } });
  });

  it("refuses an upload without the token, and bytes that are not what the path says", async () => {
    const { controlUrl, network } = net.simulator;
    const post = (query: string) => fetch(`${controlUrl}/mms/image/abc?${query}`, { method: "POST", body: "bytes" });
    expect((await post("auth=wrong")).status).toBe(401);
    expect((await post(`auth=${network.mediaAuth}`)).status).toBe(400);
    expect((await fetch(`${controlUrl}/v/unknown`)).status).toBe(404);
  });
});
