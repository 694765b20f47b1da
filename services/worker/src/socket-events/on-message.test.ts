import { expect, test } from "vitest";
import type { InboundMessage } from "../ports.ts";
import { optOutOf } from "./on-message.ts";

const aText = (body: unknown, more: Partial<InboundMessage> = {}): InboundMessage => ({
  chat: "5511999990001@s.whatsapp.net",
  participant: "",
  waMessageId: "A",
  jid: "5511999990001@s.whatsapp.net",
  altJid: null,
  phone: "+5511999990001",
  lid: null,
  type: "text",
  content: { body },
  reason: null,
  pushName: null,
  atMs: 0,
  delayed: false,
  ...more,
});

test("a text to us alone that says stop or start asks for it", () => {
  expect(optOutOf(aText("Stop."))).toMatchObject({ kind: "stop", keyword: "stop" });
  expect(optOutOf(aText("start", { delayed: true }))).toMatchObject({ kind: "start" });
});

test.each<[string, InboundMessage]>([
  ["other words", aText("stop by tomorrow")],
  ["what is said in a group", aText("stop", { chat: "1@g.us", jid: "1@g.us", participant: "2@lid" })],
  ["another kind of content", aText("stop", { type: "image" })],
  ["a text without a body", aText(undefined)],
])("%s asks for nothing", (_, message) => expect(optOutOf(message)).toBeNull());
