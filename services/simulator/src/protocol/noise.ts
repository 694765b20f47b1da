import { createCipheriv, createDecipheriv, createHash, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { proto } from "@whiskeysockets/baileys";
import { streamIntro } from "./framing.ts";
import { generateKeyPair, type KeyPair, sharedSecret } from "./keys.ts";

const NAME = Buffer.from("Noise_XX_25519_AESGCM_SHA256\0\0\0\0", "latin1");
const TAG_BYTES = 16;
const NO_BYTES = Buffer.alloc(0);

/** The peer broke the handshake or sent a frame that does not decrypt. */
class NoiseError extends Error {
  override name = "NoiseError";
}

/** One direction of an established stream: AES-256-GCM with a counter as nonce. */
export class CipherStream {
  /** A key object: Node 24 takes five times longer when it is given the bytes. */
  readonly #key: KeyObject;
  #counter = 0;

  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
  }

  encrypt(plaintext: Uint8Array, aad?: Uint8Array): Buffer {
    return Buffer.concat(this.seal(plaintext, aad));
  }

  /** The same in two parts, the ciphertext and its tag, for whoever copies them anyway. */
  seal(plaintext: Uint8Array, aad?: Uint8Array): [Buffer, Buffer] {
    const cipher = createCipheriv("aes-256-gcm", this.#key, this.#nonce());
    if (aad) cipher.setAAD(aad);
    const ciphertext = cipher.update(plaintext);
    cipher.final(); // a counter mode holds nothing back
    return [ciphertext, cipher.getAuthTag()];
  }

  /** Throws NoiseError when the bytes were not encrypted with this key and counter. */
  decrypt(ciphertext: Uint8Array, aad?: Uint8Array): Buffer {
    if (ciphertext.length < TAG_BYTES) throw new NoiseError("ciphertext is shorter than its tag");
    const decipher = createDecipheriv("aes-256-gcm", this.#key, this.#nonce());
    if (aad) decipher.setAAD(aad);
    decipher.setAuthTag(ciphertext.subarray(ciphertext.length - TAG_BYTES));
    try {
      const plaintext = decipher.update(ciphertext.subarray(0, ciphertext.length - TAG_BYTES));
      decipher.final(); // throws unless the tag fits
      return plaintext;
    } catch (cause) {
      throw new NoiseError("frame does not decrypt", { cause });
    }
  }

  #nonce(): Buffer {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(this.#counter++, 8);
    return nonce;
  }
}

/** The running hash and keys that both sides of a Noise XX handshake keep, each for itself. */
export class HandshakeState {
  #hash: Buffer = NAME;
  #chainKey: Buffer = NAME;
  #cipher = new CipherStream(NAME);

  constructor() {
    this.mixHash(streamIntro);
  }

  mixHash(data: Uint8Array): void {
    this.#hash = createHash("sha256").update(this.#hash).update(data).digest();
  }

  /** Takes in what both sides agreed on. Throws NoiseError when the public key cannot be used. */
  mixAgreement(privateKey: Uint8Array, publicKey: Uint8Array): void {
    const [chainKey, cipherKey] = expand(agree(privateKey, publicKey), this.#chainKey);
    this.#chainKey = chainKey;
    this.#cipher = new CipherStream(cipherKey);
  }

  encrypt(plaintext: Uint8Array): Buffer {
    const ciphertext = this.#cipher.encrypt(plaintext, this.#hash);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  decrypt(ciphertext: Uint8Array): Buffer {
    const plaintext = this.#cipher.decrypt(ciphertext, this.#hash);
    this.mixHash(ciphertext);
    return plaintext;
  }

  /** The streams of the connection: from the client, and from the server. */
  split(): [CipherStream, CipherStream] {
    const [client, server] = expand(NO_BYTES, this.#chainKey);
    return [new CipherStream(client), new CipherStream(server)];
  }
}

/** What the handshake ends with. */
export interface Established {
  /** The Noise key that identifies the client for good: a login is authenticated by it. */
  readonly clientKey: Buffer;
  /** Encoded ClientPayload. */
  readonly payload: Buffer;
  readonly incoming: CipherStream;
  readonly outgoing: CipherStream;
}

/** The server side of one Noise XX handshake: `respond` to ClientHello, then `finish` with ClientFinish. */
export class NoiseHandshake {
  readonly #identity: KeyPair;
  readonly #certificates: Uint8Array;
  readonly #ephemeral = generateKeyPair();
  readonly #state = new HandshakeState();

  constructor(identity: KeyPair, certificates: Uint8Array) {
    this.#identity = identity;
    this.#certificates = certificates;
  }

  /** Bytes of the ServerHello that answers this ClientHello. Throws NoiseError when it is not one. */
  respond(bytes: Uint8Array): Uint8Array {
    const ephemeral = decodeHandshake(bytes).clientHello?.ephemeral;
    if (ephemeral?.length !== 32) throw new NoiseError("ClientHello carries no ephemeral key");
    const state = this.#state;
    state.mixHash(ephemeral);
    state.mixHash(this.#ephemeral.public);
    state.mixAgreement(this.#ephemeral.private, ephemeral);
    const encryptedStatic = state.encrypt(this.#identity.public);
    state.mixAgreement(this.#identity.private, ephemeral);
    const payload = state.encrypt(this.#certificates);
    return proto.HandshakeMessage.encode({
      serverHello: { ephemeral: this.#ephemeral.public, static: encryptedStatic, payload },
    }).finish();
  }

  /** Throws NoiseError when the message is malformed or was not made for this handshake. */
  finish(bytes: Uint8Array): Established {
    const message = decodeHandshake(bytes).clientFinish;
    if (!message?.static || !message.payload) throw new NoiseError("ClientFinish is incomplete");
    const clientKey = this.#state.decrypt(message.static);
    this.#state.mixAgreement(this.#ephemeral.private, clientKey);
    const payload = this.#state.decrypt(message.payload);
    const [incoming, outgoing] = this.#state.split();
    return { clientKey, payload, incoming, outgoing };
  }
}

function expand(secret: Uint8Array, salt: Uint8Array): [Buffer, Buffer] {
  const okm = Buffer.from(hkdfSync("sha256", secret, salt, NO_BYTES, 64));
  return [okm.subarray(0, 32), okm.subarray(32)];
}

function agree(privateKey: Uint8Array, publicKey: Uint8Array): Buffer {
  try {
    return sharedSecret(privateKey, publicKey);
  } catch (cause) {
    throw new NoiseError("unusable public key", { cause });
  }
}

/** Throws NoiseError when the bytes are no message of a handshake. */
export function decodeHandshake(bytes: Uint8Array): proto.HandshakeMessage {
  try {
    return proto.HandshakeMessage.decode(bytes);
  } catch (cause) {
    throw new NoiseError("not a handshake message", { cause });
  }
}
