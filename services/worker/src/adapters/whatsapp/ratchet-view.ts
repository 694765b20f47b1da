import { AsyncLocalStorage } from "node:async_hooks";
import type { SignalDataSet, SignalDataTypeMap, SignalKeyStoreWithTransaction } from "@whiskeysockets/baileys";
import { currentSend } from "./outbound-send.ts";
import type { DurableKeyStore } from "./signal-key-store.ts";

/** What the repository is doing for which view. Void (`live` false) once that has settled. */
interface Activity {
  view: object;
  kind: "encrypt" | "decrypt";
  live: boolean;
}

const current = new AsyncLocalStorage<Activity>();

/** The repository's own view of the keys. */
export interface RatchetView extends SignalKeyStoreWithTransaction {
  /** Runs repository work under its mark. */
  during<T>(kind: Activity["kind"], work: () => Promise<T>): Promise<T>;
}

/**
 * Keeps ratchets (`session`, `sender-key`) out of the library's transactions. A send's transaction lives from the device
 * list to the written bytes: inside it a ratchet would be durable only after the ciphertext has left, and would overwrite
 * what a message received meanwhile has stored. So reads of ratchets go to the store and writes are durable when `set`
 * returns, with one exception: inside a decryption they belong to its short transaction, together with the used pre-key.
 */
export function createRatchetView(keys: SignalKeyStoreWithTransaction, store: DurableKeyStore): RatchetView {
  const activity = (): Activity["kind"] | undefined => {
    const mark = current.getStore();
    return mark?.view === view && mark.live ? mark.kind : undefined;
  };
  const view: RatchetView = {
    get: (type, ids) => (isRatchet(type) && activity() !== "decrypt" ? store.get(type, ids) : keys.get(type, ids)),
    async set(data) {
      const kind = activity();
      if (kind === "decrypt") return keys.set(data);
      const { ratchets, others } = split(data);
      if (ratchets) {
        const send = kind === "encrypt" ? currentSend.getStore() : undefined;
        await (send ? send.ride((claim) => store.write(ratchets, claim)) : store.write(ratchets));
      }
      if (others) await keys.set(others);
    },
    isInTransaction: () => keys.isInTransaction(),
    transaction: (work, key) => keys.transaction(work, key),
    during(kind, work) {
      const mark: Activity = { view, kind, live: true };
      return current.run(mark, work).finally(() => {
        mark.live = false;
      });
    },
  };
  return view;
}

function isRatchet(type: string): type is "session" | "sender-key" {
  return type === "session" || type === "sender-key";
}

function split(data: SignalDataSet): { ratchets: SignalDataSet | undefined; others: SignalDataSet | undefined } {
  const types = Object.keys(data) as (keyof SignalDataTypeMap)[];
  const pick = (wanted: (type: string) => boolean): SignalDataSet | undefined => {
    const picked = types.filter(wanted);
    return picked.length === 0 ? undefined : Object.fromEntries(picked.map((type) => [type, data[type]]));
  };
  return { ratchets: pick(isRatchet), others: pick((type) => !isRatchet(type)) };
}
