import type { SignalRepositoryWithLIDStore, SocketConfig } from "@whiskeysockets/baileys";
import type { Baileys } from "../../boot/library.ts";
import { isOff } from "../../mechanisms.ts";
import type { JournaledDecrypt } from "./journaled-decrypt.ts";
import { lateRatchets } from "./late-ratchets.ts";
import { currentSend } from "./outbound-send.ts";
import { PeerTurns } from "./peer-turns.ts";
import { createRatchetView } from "./ratchet-view.ts";
import type { DurableKeyStore } from "./signal-key-store.ts";

type MakeRepository = SocketConfig["makeSignalRepository"];
type TransactionalKeys = Parameters<typeof createRatchetView>[0];

/**
 * The library's Signal repository with one truth for each peer and nothing on the wire before it is stored:
 * a ciphertext is returned only after its ratchet row is durable and the message's claim is committed; encryption,
 * decryption and session injection of one peer address take turns, whichever of the peer's addresses was used.
 *
 * A refused claim makes every encryption of its message throw, so no device is served and the connection goes on. Any
 * other failed write has ended the connection (`DurableKeyStore`) before it throws here: the library would otherwise
 * swallow the error of one device and serve the others.
 *
 * With `journaled`, what is decrypted becomes durable together with the keys that it used up.
 */
export function persistBeforeSend(
  baileys: Baileys,
  store: DurableKeyStore,
  journaled?: JournaledDecrypt,
): MakeRepository {
  if (isOff("persist-before-send")) return lateRatchets(baileys, store);
  return (auth, logger, pnToLid) => {
    const keys = auth.keys as TransactionalKeys;
    const view = createRatchetView(keys, store);
    const original = baileys.DEFAULT_CONNECTION_CONFIG.makeSignalRepository(
      { creds: auth.creds, keys: view },
      logger,
      pnToLid,
    );
    const turns = new PeerTurns();
    const inTurn = async <T>(jid: string, work: () => Promise<T>): Promise<T> =>
      turns.take(await addressOf(baileys, original, jid), work);

    const encrypting = async <T>(work: () => Promise<T>): Promise<T> => {
      const send = currentSend.getStore();
      send?.assertGoing();
      const ciphertext = await view.during("encrypt", work);
      await send?.outcome();
      return ciphertext;
    };

    // The marked work includes the commit: what the library reads on the way belongs to the same transaction.
    const decrypting = (name: string, ciphertext: Uint8Array, work: () => Promise<Uint8Array>): Promise<Uint8Array> =>
      view.during("decrypt", () => (journaled ? journaled(keys, name, ciphertext, work) : work()));

    return {
      ...original,
      encryptMessage: (options) => inTurn(options.jid, () => encrypting(() => original.encryptMessage(options))),
      encryptGroupMessage: (options) =>
        turns.take(options.group, () => encrypting(() => original.encryptGroupMessage(options))),
      decryptMessage: (options) =>
        inTurn(options.jid, () => decrypting(options.jid, options.ciphertext, () => original.decryptMessage(options))),
      decryptGroupMessage: (options) =>
        turns.take(options.group, () =>
          decrypting(options.group, options.msg, () => original.decryptGroupMessage(options)),
        ),
      injectE2ESession: (options) => inTurn(options.jid, () => original.injectE2ESession(options)),
    };
  };
}

/** The address under which the library keeps the peer's Signal session: that of the hidden identity when it is known. */
async function addressOf(baileys: Baileys, repository: SignalRepositoryWithLIDStore, jid: string): Promise<string> {
  let lid: string | null = null;
  if (baileys.isPnUser(jid) || baileys.isHostedPnUser(jid)) {
    // Unknown or not to be learned now: the library falls back to the address it was given, and so do we.
    lid = await repository.lidMapping.getLIDForPN(jid).catch(() => null);
  }
  return repository.jidToSignalProtocolAddress(lid ?? jid);
}
