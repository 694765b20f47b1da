// oxlint-disable-next-line eslint/no-restricted-imports -- the whole library, as the adapter is given it
import * as baileys from "@whiskeysockets/baileys";
import { describe, expect, it } from "vitest";
import { decodeMessage, samePerson } from "./decode-message.ts";

type Parts = { key?: Record<string, unknown>; message?: Record<string, unknown> | null };

const decode = ({ key, message = { conversation: "hi" } }: Parts, delayed = false) =>
  decodeMessage(
    baileys,
    {
      key: { id: "A1", remoteJid: "12722571223678@lid", remoteJidAlt: "15550001111@s.whatsapp.net", ...key },
      messageTimestamp: 1_700_000_000,
      pushName: "Ann",
      message,
    },
    delayed,
  );

describe("an inbound message", () => {
  it("keeps both addresses of the person, without device numbers", () => {
    expect(decode({ key: { remoteJid: "12722571223678:4@lid" } }, true)).toEqual({
      chat: "12722571223678:4@lid",
      participant: "",
      waMessageId: "A1",
      jid: "12722571223678@lid",
      altJid: "15550001111@s.whatsapp.net",
      phone: "+15550001111",
      lid: "12722571223678@lid",
      type: "text",
      content: { body: "hi" },
      reason: null,
      pushName: "Ann",
      atMs: 1_700_000_000_000,
      delayed: true,
    });
  });

  it("is text also when it is long or disappears", () => {
    const inner = { extendedTextMessage: { text: "long" } };
    expect(decode({ message: { ephemeralMessage: { message: inner } } })?.content).toEqual({ body: "long" });
  });

  it("tells of other kinds only what they are", () => {
    expect(decode({ message: { imageMessage: { caption: "look" } } })).toMatchObject({ type: "image", content: {} });
  });

  it.each([
    ["our own", { key: { fromMe: true } }],
    ["undecryptable", { message: null }],
    ["a status post", { key: { remoteJid: "status@broadcast" } }],
    ["a channel's", { key: { remoteJid: "120363000000000000@newsletter" } }],
    ["housekeeping", { message: { protocolMessage: { type: 0 } } }],
  ])("is none when it is %s", (_name, parts) => {
    expect(decode(parts)).toBeNull();
  });

  it("names the group and nobody's phone when it comes from a group", () => {
    expect(decode({ key: { remoteJid: "120363000000000001@g.us", remoteJidAlt: undefined } })).toMatchObject({
      jid: "120363000000000001@g.us",
      altJid: null,
      phone: null,
      lid: null,
    });
  });
});

it("recognises two addresses of one person in either order, and nothing else", () => {
  const pair = { pn: "15550001111@s.whatsapp.net", lid: "12722571223678@lid" };
  expect(samePerson(pair.pn, pair.lid)).toEqual(pair);
  expect(samePerson(pair.lid, pair.pn)).toEqual(pair);
  expect(samePerson(pair.lid, pair.lid)).toBeNull();
  expect(samePerson(pair.lid, null)).toBeNull();
});
