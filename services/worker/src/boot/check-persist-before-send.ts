import { setImmediate as nextTurn } from "node:timers/promises";
import type { SignalDataSet } from "@whiskeysockets/baileys";
import { persistBeforeSend } from "../adapters/whatsapp/signal-repository.ts";
import type { DurableKeyStore } from "../adapters/whatsapp/signal-key-store.ts";
import type { Baileys } from "./library.ts";
import { silentLibraryLogger } from "./silent-logger.ts";

/**
 * Encrypts inside an open key transaction and looks whether the Signal session was stored, durably, before the ciphertext
 * came back.
 */
export async function checkPersistBeforeSend(baileys: Baileys): Promise<boolean> {
  const rows = new Map<string, unknown>();
  const write = async (data: SignalDataSet): Promise<void> => {
    await nextTurn(); // a store that takes its time
    for (const [type, values] of Object.entries(data)) {
      for (const [id, value] of Object.entries(values ?? {})) rows.set(`${type} ${id}`, value);
    }
  };
  const store: DurableKeyStore = {
    get: (type, ids) =>
      Object.fromEntries(
        ids.flatMap((id) => (rows.has(`${type} ${id}`) ? [[id, rows.get(`${type} ${id}`)]] : [])),
      ) as never,
    set: write,
    write,
  };
  const keys = baileys.addTransactionCapability(store, silentLibraryLogger, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 0,
  });
  const auth = { creds: baileys.initAuthCreds(), keys };
  const peer = baileys.initAuthCreds();
  const repository = persistBeforeSend(baileys, store)(auth, silentLibraryLogger, () => Promise.resolve([]));
  const jid = "10000000000000@lid";
  const { keyId, keyPair, signature } = peer.signedPreKey;
  const publicOf = (key: Uint8Array): Uint8Array => baileys.generateSignalPubKey(key);

  let storedInTime = false;
  await keys.transaction(async () => {
    await repository.injectE2ESession({
      jid,
      session: {
        registrationId: peer.registrationId,
        identityKey: publicOf(peer.signedIdentityKey.public),
        signedPreKey: { keyId, publicKey: publicOf(keyPair.public), signature },
      },
    });
    const injected = JSON.stringify(rows.get("session 10000000000000_1.0"));
    await repository.encryptMessage({ jid, data: Buffer.from("self-check") });
    const advanced = JSON.stringify(rows.get("session 10000000000000_1.0"));
    storedInTime = injected !== undefined && advanced !== undefined && advanced !== injected;
  }, "self-check");
  repository.close?.();
  return storedInTime;
}
