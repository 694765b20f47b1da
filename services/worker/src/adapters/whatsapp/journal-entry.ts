import type { BinaryNode } from "@whiskeysockets/baileys";
import { z } from "zod";
import { CredentialsUnreadable, type StanzaKey } from "../../ports.ts";
import type { SessionSealer } from "../sealing/sealer.ts";

/** Name of journal rows among the types of key rows, and in their seals. */
export const journalType = "inbound-journal";

/** What the library's key transaction carries for a journal row, by its row name. */
export interface JournalEntry {
  text: string;
  waiting: boolean;
}

/** What a journal row says. `plaintext` is padded, as the library returned it. */
export interface JournaledPart {
  attrs: BinaryNode["attrs"];
  plaintext: Uint8Array;
}

const Name = z.tuple([z.string(), z.string(), z.string(), z.string()]);
const Text = z.object({ attrs: z.record(z.string(), z.string()), plaintext: z.base64() });

/** The row's name, which its seal is bound to. */
export function entryName({ chat, participant, waMessageId }: StanzaKey, part: string): string {
  return JSON.stringify([chat, participant, waMessageId, part]);
}

export function parseEntryName(name: string): StanzaKey & { part: string } {
  const [chat, participant, waMessageId, part] = Name.parse(JSON.parse(name));
  return { chat, participant, waMessageId, part };
}

export function writeEntry({ attrs, plaintext }: JournaledPart): string {
  return JSON.stringify({ attrs, plaintext: Buffer.from(plaintext).toString("base64") });
}

/** @throws CredentialsUnreadable when the row was changed, belongs elsewhere or is not what `writeEntry` wrote */
export function openEntry(sealer: SessionSealer, key: StanzaKey, part: string, sealed: string): JournaledPart {
  const text = sealer.unseal(journalType, entryName(key, part), sealed);
  try {
    const { attrs, plaintext } = Text.parse(JSON.parse(text));
    return { attrs, plaintext: Buffer.from(plaintext, "base64") };
  } catch (error) {
    throw new CredentialsUnreadable("a journal row says nothing known", { cause: error });
  }
}
