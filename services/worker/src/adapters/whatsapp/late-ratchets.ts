import type { SocketConfig } from "@whiskeysockets/baileys";
import type { Baileys } from "../../boot/library.ts";
import { currentSend } from "./outbound-send.ts";
import type { DurableKeyStore } from "./signal-key-store.ts";

/**
 * The library's own Signal repository, for runs without the mechanism `persist-before-send`: ratchets stay in the
 * library's transaction, which is stored after the bytes have left. The claim of a message is still committed first,
 * by itself, so that only the ratchets are late.
 */
export function lateRatchets(baileys: Baileys, store: DurableKeyStore): SocketConfig["makeSignalRepository"] {
  return (auth, logger, pnToLid) => {
    const original = baileys.DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, pnToLid);
    const claimed = async <T>(work: () => Promise<T>): Promise<T> => {
      const send = currentSend.getStore();
      send?.assertGoing();
      await send?.ride((claim) => store.write({}, claim));
      return work();
    };
    return {
      ...original,
      encryptMessage: (options) => claimed(() => original.encryptMessage(options)),
      encryptGroupMessage: (options) => claimed(() => original.encryptGroupMessage(options)),
    };
  };
}
