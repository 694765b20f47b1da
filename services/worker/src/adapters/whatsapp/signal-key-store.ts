import type { SignalDataSet, SignalDataTypeMap, SignalKeyStore } from "@whiskeysockets/baileys";
import { LRUCache } from "lru-cache";
import type { Baileys } from "../../boot/library.ts";
import { type Claim, ClaimRefused, type JournalWrite, type KeyWrite, type SecretStore } from "../../ports.ts";
import type { SessionSealer } from "../sealing/sealer.ts";
import { type JournalEntry, journalType, parseEntryName } from "./journal-entry.ts";

/** Characters of key rows kept in memory for one link. A Signal session has 1 to 3 thousand. */
const maxMemory = 4 * 1024 * 1024;

/** Stands for a row that does not exist, which is worth remembering: most contacts have no privacy token. */
const absent = "";

/** The library's key store, whose writes may carry the claim of a message, or rows of the inbound journal. */
export interface DurableKeyStore extends SignalKeyStore {
  /**
   * Resolves when the rows are durable. Rejects with ClaimRefused when only the claim was refused; on any other failure
   * `onFailure` has been called before it rejects.
   */
  write(data: SignalDataSet, claim?: Claim): Promise<void>;
}

export interface SignalKeyStoreOptions {
  baileys: Baileys;
  secrets: SecretStore;
  sealer: SessionSealer;
  /**
   * Called before a failed read or write rejects. The library takes a failed read for "no such key" and answers a failed
   * decryption on the wire, so the connection must be gone by the time it learns of it.
   */
  onFailure: (error: unknown) => void;
}

/**
 * Signal keys over the session's secret store. Memory holds serialised text, so nobody can change what it says, and is
 * updated only after the write has returned; one-time pre-keys (812 a session, used once) are not kept. It lives as long
 * as one link: another worker may have owned the session in between.
 */
export function createSignalKeyStore({ baileys, secrets, sealer, onFailure }: SignalKeyStoreOptions): DurableKeyStore {
  const memory = new LRUCache<string, string>({
    maxSize: maxMemory,
    sizeCalculation: (text, name) => text.length + name.length,
  });
  const { BufferJSON, proto } = baileys;
  /** Counts writes begun; what a read brings is remembered only when none began since. */
  let writes = 0;

  function parse<T extends keyof SignalDataTypeMap>(type: T, text: string): SignalDataTypeMap[T] {
    // A reviver costs ten times the parsing, and a Signal session, read several times a message, has no buffers in it.
    const reviver = text.includes('"Buffer"') ? BufferJSON.reviver : undefined;
    const value = JSON.parse(text, reviver) as SignalDataTypeMap[T];
    if (type !== "app-state-sync-key") return value;
    return proto.Message.AppStateSyncKeyData.fromObject(value as object) as unknown as SignalDataTypeMap[T];
  }

  async function get<T extends keyof SignalDataTypeMap>(
    type: T,
    ids: string[],
  ): Promise<Record<string, SignalDataTypeMap[T]>> {
    const found: Record<string, SignalDataTypeMap[T]> = {};
    const missing: string[] = [];
    for (const id of ids) {
      const text = memory.get(nameOf(type, id));
      if (text === undefined) missing.push(id);
      else if (text !== absent) found[id] = parse(type, text);
    }
    if (missing.length === 0) return found;
    const begun = writes;
    try {
      const rows = await secrets.readKeys(type, missing);
      for (const id of missing) {
        const sealed = rows.get(id);
        const text = sealed === undefined ? absent : sealer.unseal(type, id, sealed);
        if (begun === writes) remember(type, id, text);
        if (text !== absent) found[id] = parse(type, text);
      }
    } catch (error) {
      onFailure(error);
      throw error;
    }
    return found;
  }

  async function write(data: SignalDataSet, claim?: Claim): Promise<void> {
    const { [journalType as keyof SignalDataSet]: entries, ...keys } = data;
    const rows = toRows(keys, BufferJSON.replacer);
    const journal = toJournal(entries as Record<string, JournalEntry> | undefined);
    if (rows.length === 0 && journal.length === 0 && claim === undefined) return;
    writes++;
    const sealed: KeyWrite[] = rows.map(({ type, keyId, text }) => ({
      type,
      keyId,
      value: text === absent ? null : sealer.seal(type, keyId, text),
    }));
    let refusal: ClaimRefused | undefined;
    try {
      await secrets.writeKeys(sealed, claim, journal.length === 0 ? undefined : journal);
    } catch (error) {
      if (!(error instanceof ClaimRefused)) {
        for (const { type, keyId } of rows) memory.delete(nameOf(type, keyId));
        onFailure(error);
        throw error;
      }
      refusal = error; // its keys were written all the same
    }
    for (const { type, keyId, text } of rows) remember(type, keyId, text);
    if (refusal) throw refusal;
  }

  function toJournal(entries: Record<string, JournalEntry> = {}): JournalWrite[] {
    return Object.entries(entries).map(([name, { text, waiting }]) => ({
      ...parseEntryName(name),
      value: sealer.seal(journalType, name, text),
      waiting,
    }));
  }

  function remember(type: string, id: string, text: string): void {
    if (type !== "pre-key") memory.set(nameOf(type, id), text);
  }

  return { get, set: (data) => write(data), write };
}

interface Row {
  type: string;
  keyId: string;
  text: string;
}

function toRows(data: SignalDataSet, replacer: Baileys["BufferJSON"]["replacer"]): Row[] {
  return Object.entries(data).flatMap(([type, values]) =>
    Object.entries(values ?? {}).map(([keyId, value]) => ({
      type,
      keyId,
      text: value === null || value === undefined ? absent : JSON.stringify(value, replacer),
    })),
  );
}

function nameOf(type: string, id: string): string {
  return `${type}\n${id}`;
}
