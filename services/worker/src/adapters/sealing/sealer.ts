import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import { CredentialsUnreadable } from "../../ports.ts";
import type { CredentialsKey } from "./credentials-key.ts";

const VERSION = 1;
const KEY_ID = 4;
const NONCE = 12;
const TAG = 16;
const HEAD = 1 + KEY_ID + NONCE;

/** Seals the rows of one session. `type` and `keyId` name the row and are bound into the seal: rows cannot be swapped. */
export interface SessionSealer {
  seal(type: string, keyId: string, plaintext: string): string;
  /** @throws CredentialsUnreadable */
  unseal(type: string, keyId: string, sealed: string): string;
}

/**
 * Encryption at rest: AES-256-GCM, `version 1 | key id 4 | nonce 12 | ciphertext | tag 16` in base64. The data key of a
 * session is derived from the key-encryption key by HKDF-SHA256 over tenant and session, so nothing but the one key needs
 * keeping and a leaked data key opens one session only. The price: a new key-encryption key means sealing every row anew;
 * wrapped data keys, which rotate cheaply, would be version 2. Random nonces are safe far beyond what one session writes
 * (2³² per data key).
 */
export function createSessionSealer(key: CredentialsKey, tenantId: string, sessionId: string): SessionSealer {
  const info = JSON.stringify(["flotilla session data key", VERSION, tenantId, sessionId]);
  // A key object: with raw bytes Node 24 spends more on recognising the key than on sealing the row.
  const dataKey = createSecretKey(Buffer.from(hkdfSync("sha256", key.bytes, Buffer.alloc(32), info, 32)));
  // JSON keeps the parts apart: no two different names give the same text.
  const nameOf = (type: string, keyId: string): Buffer =>
    Buffer.from(JSON.stringify([tenantId, sessionId, type, keyId, VERSION]));

  return {
    seal(type, keyId, plaintext) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", dataKey, nonce).setAAD(nameOf(type, keyId));
      const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), key.id, nonce, ciphertext, cipher.getAuthTag()]).toString("base64");
    },
    unseal(type, keyId, sealed) {
      const envelope = Buffer.from(sealed, "base64");
      if (envelope.length < HEAD + TAG) throw new CredentialsUnreadable("the envelope is too short");
      if (envelope[0] !== VERSION) throw new CredentialsUnreadable(`the envelope has version ${envelope[0]}`);
      if (!envelope.subarray(1, 1 + KEY_ID).equals(key.id)) {
        throw new CredentialsUnreadable("it was sealed with another CREDENTIALS_KEY");
      }
      const decipher = createDecipheriv("aes-256-gcm", dataKey, envelope.subarray(1 + KEY_ID, HEAD));
      decipher.setAAD(nameOf(type, keyId)).setAuthTag(envelope.subarray(-TAG));
      try {
        const plaintext = Buffer.concat([decipher.update(envelope.subarray(HEAD, -TAG)), decipher.final()]);
        return plaintext.toString("utf8");
      } catch (error) {
        throw new CredentialsUnreadable("the row was changed or belongs elsewhere", { cause: error });
      }
    },
  };
}
