import { setImmediate as nextTurn } from "node:timers/promises";
import type { SignalDataSet } from "@whiskeysockets/baileys";
import type { DurableKeyStore } from "../adapters/whatsapp/signal-key-store.ts";

/** A key store for self-checks that takes its time, and remembers what was written together. */
export interface MemoryKeyStore extends DurableKeyStore {
  /** By type and id. */
  readonly rows: ReadonlyMap<string, unknown>;
  /** Types of each write, sorted. */
  readonly writes: string[][];
}

export function createMemoryKeyStore(): MemoryKeyStore {
  const rows = new Map<string, unknown>();
  const writes: string[][] = [];
  const write = async (data: SignalDataSet): Promise<void> => {
    await nextTurn();
    writes.push(Object.keys(data).toSorted());
    for (const [type, values] of Object.entries(data)) {
      for (const [id, value] of Object.entries(values ?? {})) rows.set(`${type} ${id}`, value);
    }
  };
  return {
    rows,
    writes,
    get: (type, ids) =>
      Object.fromEntries(
        ids.flatMap((id) => {
          const row = rows.get(`${type} ${id}`);
          return row === undefined || row === null ? [] : [[id, row]];
        }),
      ) as never,
    set: write,
    write,
  };
}
