import type { AuthenticationCreds, AuthenticationState } from "@whiskeysockets/baileys";
import { tryParseAddress } from "@flotilla/shared/domain/address";
import { CredentialsUnreadable, type LinkIdentity } from "../../ports.ts";
import { createSignalKeyStore, type DurableKeyStore, type SignalKeyStoreOptions } from "./signal-key-store.ts";

/** Name of the credentials among the sealed rows of a session. */
const credentialsRow = ["credentials", ""] as const;

/** Baileys' auth state of one link, over the session's secrets. */
export interface LinkAuth extends AuthenticationState {
  creds: AuthenticationCreds;
  keys: DurableKeyStore;
  /** False until the phone has accepted: then there is nothing worth keeping. */
  isPaired(): boolean;
  identity(): LinkIdentity;
  /**
   * Writes the credentials as they are now; resolves when they are durable. Writes follow each other, and those asked for
   * while one is under way become one. Before pairing it does nothing. `onFailure` is called before it rejects.
   */
  save(identity?: LinkIdentity & { paired?: boolean }): Promise<void>;
  /** Resolves when no write is under way, however the last one ended. */
  settled(): Promise<void>;
}

/**
 * Opens the auth state: fresh credentials when there are none, else those that were sealed.
 *
 * @throws CredentialsUnreadable when they cannot be opened or parsed; never takes that for "none"
 */
export function openAuthState(options: SignalKeyStoreOptions & { credentials: string | null }): LinkAuth {
  const { baileys, secrets, sealer, credentials, onFailure } = options;
  const creds = credentials === null ? baileys.initAuthCreds() : parseCredentials(options, credentials);
  const isPaired = (): boolean => creds.me !== undefined && creds.account !== undefined;

  let running: Promise<void> | undefined;
  let wanted: (LinkIdentity & { paired?: boolean }) | undefined;
  const writeAll = async (): Promise<void> => {
    try {
      while (wanted) {
        const identity = wanted;
        wanted = undefined;
        const text = JSON.stringify(creds, baileys.BufferJSON.replacer);
        await secrets.writeCredentials(sealer.seal(...credentialsRow, text), identity);
      }
    } catch (error) {
      onFailure(error);
      throw error;
    } finally {
      running = undefined;
    }
  };

  return {
    creds,
    keys: createSignalKeyStore(options),
    isPaired,
    identity: () => identityOf(creds),
    save(identity) {
      if (!isPaired()) return Promise.resolve();
      wanted = { ...wanted, ...identity };
      running ??= writeAll();
      return running;
    },
    async settled() {
      await Promise.allSettled([running]);
    },
  };
}

function parseCredentials({ baileys, sealer }: SignalKeyStoreOptions, sealed: string): AuthenticationCreds {
  const text = sealer.unseal(...credentialsRow, sealed);
  const creds = JSON.parse(text, baileys.BufferJSON.reviver) as Partial<AuthenticationCreds>;
  if (!creds.noiseKey || !creds.signedIdentityKey || !creds.me || !creds.account) {
    throw new CredentialsUnreadable("they are incomplete");
  }
  return creds as AuthenticationCreds;
}

function identityOf({ me, platform }: AuthenticationCreds): LinkIdentity {
  const address = me ? tryParseAddress(me.id) : null;
  const lid = me?.lid ? tryParseAddress(me.lid) : null;
  return {
    phone: address?.phone ?? null,
    jid: address?.jid ?? null,
    lid: lid?.jid ?? null,
    push_name: me?.name ?? null,
    platform: platform ?? null,
  };
}
