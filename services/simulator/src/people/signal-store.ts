import { ProtocolAddress, SessionBuilder, SessionCipher, SessionRecord, type SignalStorage } from "libsignal";
import { deriveBytes, deriveIdentity, deriveKeyPair, type Identity, type KeyPair } from "../protocol/keys.ts";
import { RecentMap } from "../recent-map.ts";

/** What a stranger needs to open a Signal session with a device. Keys are 32 raw bytes. */
export interface KeyBundle {
  readonly registrationId: number;
  readonly identity: Buffer;
  readonly signedPreKey: { readonly id: number; readonly public: Buffer; readonly signature: Buffer };
  readonly oneTimeKey?: { readonly id: number; readonly public: Buffer } | undefined;
}

/** One encrypted message: `pkmsg` opens a Signal session, `msg` uses one. */
export interface Ciphertext {
  readonly type: "pkmsg" | "msg";
  readonly bytes: Buffer;
}

/** The state of a phone's Signal side, as JSON. */
export interface SavedSignalState {
  next_pre_key_id: number;
  sessions: [string, unknown][];
}

interface LibsignalPair {
  pubKey: Buffer;
  privKey: Buffer;
}

const KEY_TYPE = Buffer.from([5]);
const SIGNED_PRE_KEY_ID = 1;
const MAX_PRE_KEY_ID = 0xfffffe;
const typed = (key: Uint8Array): Buffer => Buffer.concat([KEY_TYPE, key]);
const libsignalPair = (pair: KeyPair): LibsignalPair => ({ pubKey: typed(pair.public), privKey: pair.private });

/**
 * The Signal side of one phone.
 * Every key pair follows from the network's secret and the number, so a phone costs no storage and no preparation:
 * only its Signal sessions and the number of its next one-time key are state.
 */
export class SignalStore {
  readonly registrationId: number;
  readonly #secret: Uint8Array;
  readonly #phone: string;
  readonly #sessions = new Map<string, SessionRecord>();
  readonly #changed: () => void;
  readonly #storage: SignalStorage;
  /** Deriving takes a while, and the key just given away is the one that comes back. */
  readonly #recentOneTimeKeys = new RecentMap<number, KeyPair>(4);
  #nextPreKeyId = 1;
  #identity: Identity | undefined;
  #signedPreKey: KeyPair | undefined;
  #signedPreKeySignature: Buffer | undefined;

  /** `changed` is called after every change of state that a snapshot should hold. */
  constructor(secret: Uint8Array, phone: string, changed: () => void) {
    this.#secret = secret;
    this.#phone = phone;
    this.#changed = changed;
    this.registrationId = (deriveBytes(secret, `registration:${phone}`).readUInt16BE(0) & 0x3fff) + 1;
    this.#storage = this.#openStorage();
  }

  /** The long-lived identity of the phone; a number that nobody encrypts for never needs it. */
  get identity(): Identity {
    this.#identity ??= deriveIdentity(this.#secret, `identity:${this.#phone}`);
    return this.#identity;
  }

  /** A bundle with a one-time key that no other bundle of this phone carries. */
  nextBundle(): KeyBundle {
    const id = this.#nextPreKeyId;
    this.#nextPreKeyId = id >= MAX_PRE_KEY_ID ? 1 : id + 1;
    const signed = this.#signed();
    this.#signedPreKeySignature ??= this.identity.sign(typed(signed.public));
    this.#changed();
    return {
      registrationId: this.registrationId,
      identity: this.identity.public,
      signedPreKey: { id: SIGNED_PRE_KEY_ID, public: signed.public, signature: this.#signedPreKeySignature },
      oneTimeKey: { id, public: this.#oneTime(id).public },
    };
  }

  hasSession(address: string): boolean {
    return this.#sessions.get(address)?.haveOpenSession() ?? false;
  }

  /** Starts a fresh Signal session from a bundle; an older one with this address stays usable for what is in flight. */
  async openSession(address: string, bundle: KeyBundle): Promise<void> {
    const oneTime = bundle.oneTimeKey;
    const device = {
      registrationId: bundle.registrationId,
      identityKey: typed(bundle.identity),
      signedPreKey: {
        keyId: bundle.signedPreKey.id,
        publicKey: typed(bundle.signedPreKey.public),
        signature: bundle.signedPreKey.signature,
      },
      ...(oneTime ? { preKey: { keyId: oneTime.id, publicKey: typed(oneTime.public) } } : {}),
    };
    // The library accepts a bundle without a one-time key; its types do not say so.
    await new SessionBuilder(this.#storage, toAddress(address)).initOutgoing(
      device as Parameters<SessionBuilder["initOutgoing"]>[0],
    );
  }

  /** Throws when there is no open Signal session with this address. */
  async encrypt(address: string, plaintext: Uint8Array): Promise<Ciphertext> {
    const { type, body } = await new SessionCipher(this.#storage, toAddress(address)).encrypt(Buffer.from(plaintext));
    return { type: type === 3 ? "pkmsg" : "msg", bytes: Buffer.from(body, "binary") };
  }

  /** Throws when the message was not made for this phone, was already decrypted, or is damaged. */
  async decrypt(address: string, { type, bytes }: Ciphertext): Promise<Buffer> {
    const cipher = new SessionCipher(this.#storage, toAddress(address));
    return type === "pkmsg" ? cipher.decryptPreKeyWhisperMessage(bytes) : cipher.decryptWhisperMessage(bytes);
  }

  /** Forgets all Signal sessions, as a reinstalled phone would. */
  forgetSessions(): void {
    this.#sessions.clear();
    this.#changed();
  }

  /** JSON for a snapshot. */
  save(): SavedSignalState {
    const sessions = [...this.#sessions].map(([address, record]): [string, unknown] => [address, record.serialize()]);
    return { next_pre_key_id: this.#nextPreKeyId, sessions };
  }

  /** Takes back what `save` returned. Throws on anything else. */
  load(saved: SavedSignalState): void {
    this.#nextPreKeyId = saved.next_pre_key_id;
    for (const [address, record] of saved.sessions) {
      this.#sessions.set(address, SessionRecord.deserialize(record as Uint8Array));
    }
  }

  #signed(): KeyPair {
    this.#signedPreKey ??= deriveKeyPair(this.#secret, `signed-pre-key:${this.#phone}`);
    return this.#signedPreKey;
  }

  #oneTime(id: number): KeyPair {
    const known = this.#recentOneTimeKeys.get(id);
    if (known) return known;
    const pair = deriveKeyPair(this.#secret, `pre-key:${this.#phone}:${id}`);
    this.#recentOneTimeKeys.set(id, pair);
    return pair;
  }

  #openStorage(): SignalStorage {
    let identity: LibsignalPair | undefined;
    return {
      loadSession: async (address) => this.#sessions.get(address),
      storeSession: async (address, record) => {
        this.#sessions.set(address, record);
        this.#changed();
      },
      isTrustedIdentity: () => true,
      // The library asks with nothing (or 0) when the other side had no one-time key to use.
      loadPreKey: async (id) => (id ? libsignalPair(this.#oneTime(Number(id))) : undefined),
      removePreKey: () => undefined,
      loadSignedPreKey: () => libsignalPair(this.#signed()),
      getOurRegistrationId: () => this.registrationId,
      getOurIdentity: () => (identity ??= libsignalPair(this.identity)),
    };
  }
}

function toAddress(address: string): ProtocolAddress {
  const dot = address.lastIndexOf(".");
  return new ProtocolAddress(address.slice(0, dot), Number(address.slice(dot + 1)));
}
