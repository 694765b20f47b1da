import type { SignalDataSet, SignalKeyStoreWithTransaction, WAMessage } from "@whiskeysockets/baileys";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { Baileys } from "../../boot/library.ts";
import { CredentialsUnreadable, type InboundJournal, type InboundMessage, type UnreadableReason } from "../../ports.ts";
import { WriteRefused } from "../../store-ports.ts";
import type { SessionSealer } from "../sealing/sealer.ts";
import type { CarefulStanzas } from "./careful-stanzas.ts";
import { decodeMessage, decodeUnreadable, stanzaKeyOf } from "./decode-message.ts";
import {
  isDelayed,
  readEnvelope,
  type Self,
  type StanzaIndex,
  type StanzaPart,
  withContent,
} from "./inbound-stanza.ts";
import { entryName, type JournalEntry, journalType, openEntry, writeEntry } from "./journal-entry.ts";

/** How long a message may stay unreadable before a stub stands for it: our retry requests are answered in seconds. */
const unreadableAfterMs = 120_000;

/** A padded message without content. The library answers it with an ordinary receipt and tells of no message. */
const emptyMessage = Uint8Array.of(1);

export interface JournaledDecryptOptions {
  baileys: Baileys;
  journal: InboundJournal;
  sealer: SessionSealer;
  stanzas: StanzaIndex;
  careful: CarefulStanzas;
  self: () => Self;
  /** The connection was cut because of the store: nothing may be answered any more. */
  isCut: () => boolean;
  /** Called before a failed read or write of the journal rejects; cuts the connection. */
  onFailure: (error: unknown) => void;
  /** A message that will never be readable. */
  tell: (stub: InboundMessage) => void;
  logger: Pick<Logger, "info" | "error">;
}

/** What a plaintext is to us: a message to store, something only the library needs, or nothing that can be read. */
type Content = "message" | "nothing" | "garbage";

/** Runs one decryption of the library's Signal repository. `name` is the name of its key transaction. */
export type JournaledDecrypt = (
  keys: SignalKeyStoreWithTransaction,
  name: string,
  ciphertext: Uint8Array,
  work: () => Promise<Uint8Array>,
) => Promise<Uint8Array>;

/**
 * Makes a decryption durable as a whole: advanced ratchet, used pre-key, identity and plaintext are one commit, and the
 * plaintext is returned when it has been made. A ciphertext that was decrypted before (its receipt did not arrive, so it
 * comes again and cannot be decrypted twice) is answered from the journal. Status posts are not journaled; one that does
 * not decrypt is taken for empty, because WhatsApp redelivers a refused one before everything else, for ever.
 */
export function createJournaledDecrypt(options: JournaledDecryptOptions): JournaledDecrypt {
  const { baileys, journal, sealer, stanzas, careful, self, isCut, onFailure, tell, logger } = options;

  return async (keys, name, ciphertext, work) => {
    const stanza = stanzas.partOf(ciphertext);
    if (stanza === null) return await work();
    const envelope = readEnvelope(baileys, stanza.attrs, self());
    const isStatus = baileys.isJidStatusBroadcast(envelope.key.remoteJid ?? "");
    const mayTouch = () => careful.mayTouch(stanzaKeyOf(envelope.key), isDelayed(stanza.attrs));
    if (!(await durably(mayTouch))) return await setAside(envelope, stanza);
    let done: { plaintext: Uint8Array; holds: Content };
    try {
      done = await keys.transaction(async () => {
        const plaintext = await work();
        const holds = isStatus ? "nothing" : look(envelope, plaintext);
        if (!isStatus) await keys.set(entryFor(envelope, stanza, plaintext, holds === "message"));
        return { plaintext, holds };
      }, name);
    } catch (error) {
      if (isCut()) throw error;
      const before = await readBack(envelope, stanza);
      if (before !== null) return before;
      if (isStatus) return emptyMessage;
      await expectReadable(envelope, stanza, "decryption_failed", unreadableAfterMs);
      throw error;
    }
    // The library will choke on it, and ask for it again in vain.
    if (done.holds === "garbage") await expectReadable(envelope, stanza, "content_unreadable", unreadableAfterMs);
    return done.plaintext;
  };

  function entryFor(
    envelope: WAMessage,
    { attrs, part }: StanzaPart,
    plaintext: Uint8Array,
    waiting: boolean,
  ): SignalDataSet {
    const entry: JournalEntry = { text: writeEntry({ attrs, plaintext }), waiting };
    const row = { [journalType]: { [entryName(stanzaKeyOf(envelope.key), part)]: entry } };
    return row as unknown as SignalDataSet; // the library's transactions carry any type of row
  }

  function look(envelope: WAMessage, plaintext: Uint8Array): Content {
    try {
      return decodeMessage(baileys, withContent(baileys, envelope, plaintext), false) === null ? "nothing" : "message";
    } catch {
      return "garbage";
    }
  }

  async function readBack(envelope: WAMessage, { part }: StanzaPart): Promise<Uint8Array | null> {
    const key = stanzaKeyOf(envelope.key);
    const sealed = await durably(() => journal.read(key, part));
    if (sealed === null) return null;
    try {
      const { plaintext } = openEntry(sealer, key, part, sealed);
      logger.info("A message that was decrypted before came again and was answered from the journal");
      return plaintext;
    } catch (error) {
      if (!(error instanceof CredentialsUnreadable)) throw error;
      logger.error({ error }, "A row of the inbound journal cannot be read");
      return null;
    }
  }

  async function setAside(envelope: WAMessage, stanza: StanzaPart): Promise<Uint8Array> {
    logger.error("A message whose handling ended three owners is set aside");
    const stub = await expectReadable(envelope, stanza, "poisoned", 0);
    if (stub !== null) tell(stub);
    return emptyMessage;
  }

  /** From here a stub stands for the message if nothing better comes, whatever happens to us. */
  async function expectReadable(
    envelope: WAMessage,
    { attrs }: StanzaPart,
    reason: UnreadableReason,
    dueMs: number,
  ): Promise<InboundMessage | null> {
    const stub = decodeUnreadable(baileys, envelope, isDelayed(attrs), reason);
    if (stub !== null) await durably(() => journal.expect(stub, stub, dueMs));
    return stub;
  }

  async function durably<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof WriteRefused)) onFailure(error);
      throw error;
    }
  }
}
