import type { BinaryNode } from "@whiskeysockets/baileys";
import { CarefulStanzas } from "../adapters/whatsapp/careful-stanzas.ts";
import { StanzaIndex } from "../adapters/whatsapp/inbound-stanza.ts";
import { entryName, type JournalEntry, journalType } from "../adapters/whatsapp/journal-entry.ts";
import { createJournaledDecrypt } from "../adapters/whatsapp/journaled-decrypt.ts";
import { PeerTurns } from "../adapters/whatsapp/peer-turns.ts";
import { persistBeforeSend } from "../adapters/whatsapp/signal-repository.ts";
import type { InboundJournal } from "../ports.ts";
import type { Baileys } from "./library.ts";
import { createMemoryKeyStore, type MemoryKeyStore } from "./memory-key-store.ts";
import { silentLibraryLogger } from "./silent-logger.ts";

const me = "10000000000001@lid";
const peer = "10000000000002@lid";
const text = "self-check";

/**
 * Decrypts a first message twice, as when its receipt was lost. The first time ratchet, identity, used pre-key and journal
 * row must be one write; the second time the library cannot decrypt it and the journal must answer.
 */
export async function checkInboundJournal(baileys: Baileys): Promise<boolean> {
  const mine = openRepository(baileys);
  const preKey = baileys.Curve.generateKeyPair();
  await mine.store.write({ "pre-key": { "1": preKey } });
  const ciphertext = await encryptFirstMessage(baileys, mine.creds, preKey.public);
  const stanza: BinaryNode = {
    tag: "message",
    attrs: { id: "SELFCHECK", from: peer, t: "1" },
    content: [{ tag: "enc", attrs: { v: "2", type: "pkmsg" }, content: ciphertext }],
  };
  mine.stanzas.note(stanza);

  // As the library reads a stanza: it must give the repository the very buffer that we noted.
  const read = async (): Promise<string | null | undefined> => {
    const message = baileys.decryptMessageNode(stanza, "", me, mine.repository, silentLibraryLogger);
    await message.decrypt();
    return message.fullMessage.message?.conversation;
  };
  mine.store.writes.length = 0;
  const first = await read();
  const together = mine.store.writes.filter((types) => types.includes("session")).map((types) => types.join());
  const second = await read();
  mine.repository.close?.();
  return (
    together.join(" ") === "identity-key,inbound-journal,pre-key,session" &&
    mine.store.rows.get("pre-key 1") === null &&
    first === text &&
    second === text
  );
}

function openRepository(baileys: Baileys) {
  const store = createMemoryKeyStore();
  const creds = baileys.initAuthCreds();
  const stanzas = new StanzaIndex();
  const journal = journalOn(store);
  const decrypt = createJournaledDecrypt({
    baileys,
    journal,
    sealer: { seal: (_type, _keyId, plaintext) => plaintext, unseal: (_type, _keyId, sealed) => sealed },
    stanzas,
    careful: new CarefulStanzas({ journal, alone: new PeerTurns(), isActive: false, tries: [] }),
    self: () => ({ id: "", lid: me }),
    isCut: () => false,
    onFailure: () => {},
    tell: () => {},
    logger: { info: () => {}, error: () => {} },
  });
  const keys = baileys.addTransactionCapability(store, silentLibraryLogger, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 0,
  });
  const repository = persistBeforeSend(baileys, store, decrypt)({ creds, keys }, silentLibraryLogger, async () => []);
  return { store, creds, stanzas, repository };
}

function journalOn(store: MemoryKeyStore): InboundJournal {
  return {
    read: async (key, part) => {
      const entry = store.rows.get(`${journalType} ${entryName(key, part)}`) as JournalEntry | undefined;
      return Promise.resolve(entry?.text ?? null);
    },
    waiting: () => Promise.resolve({ rows: [], tries: [] }),
    begin: () => Promise.resolve(),
    expect: () => Promise.resolve(),
    settle: () => Promise.resolve(),
  };
}

/** What a person's phone sends who writes to us for the first time. */
async function encryptFirstMessage(
  baileys: Baileys,
  to: ReturnType<Baileys["initAuthCreds"]>,
  preKey: Uint8Array,
): Promise<Uint8Array> {
  const store = createMemoryKeyStore();
  const keys = baileys.addTransactionCapability(store, silentLibraryLogger, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 0,
  });
  const repository = persistBeforeSend(baileys, store)(
    { creds: baileys.initAuthCreds(), keys },
    silentLibraryLogger,
    async () => [],
  );
  const { keyId, keyPair, signature } = to.signedPreKey;
  const publicOf = (key: Uint8Array): Uint8Array => baileys.generateSignalPubKey(key);
  await repository.injectE2ESession({
    jid: me,
    session: {
      registrationId: to.registrationId,
      identityKey: publicOf(to.signedIdentityKey.public),
      signedPreKey: { keyId, publicKey: publicOf(keyPair.public), signature },
      preKey: { keyId: 1, publicKey: publicOf(preKey) },
    },
  });
  const data = baileys.encodeWAMessage({ conversation: text });
  const { ciphertext } = await repository.encryptMessage({ jid: me, data });
  repository.close?.();
  return ciphertext;
}
