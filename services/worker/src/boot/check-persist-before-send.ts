import { persistBeforeSend } from "../adapters/whatsapp/signal-repository.ts";
import type { Baileys } from "./library.ts";
import { createMemoryKeyStore } from "./memory-key-store.ts";
import { silentLibraryLogger } from "./silent-logger.ts";

/**
 * Encrypts inside an open key transaction and looks whether the Signal session was stored, durably, before the ciphertext
 * came back.
 */
export async function checkPersistBeforeSend(baileys: Baileys): Promise<boolean> {
  const store = createMemoryKeyStore();
  const { rows } = store;
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
