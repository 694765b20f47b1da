import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";

/** What media keys are derived for. */
const INFO = {
  image: "WhatsApp Image Keys",
  sticker: "WhatsApp Image Keys",
  video: "WhatsApp Video Keys",
  audio: "WhatsApp Audio Keys",
  document: "WhatsApp Document Keys",
  history: "WhatsApp History Keys",
} as const;
export type CipherKind = keyof typeof INFO;

const MAC_BYTES = 10;

/** An encrypted file, and what a message has to say for its reader to open it. */
export interface EncryptedFile {
  readonly ciphertext: Buffer;
  readonly mediaKey: Buffer;
  readonly fileSha256: Buffer;
  readonly fileEncSha256: Buffer;
  readonly fileLength: number;
}

/** AES-256-CBC and the first ten bytes of an HMAC, with keys from a fresh media key (protocol guide, section 18). */
export function encryptFile(plain: Uint8Array, kind: CipherKind): EncryptedFile {
  const mediaKey = randomBytes(32);
  const { iv, cipherKey, macKey } = deriveKeys(mediaKey, kind);
  const cipher = createCipheriv("aes-256-cbc", cipherKey, iv);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  const ciphertext = Buffer.concat([body, macOf(macKey, iv, body)]);
  return {
    ciphertext,
    mediaKey,
    fileSha256: createHash("sha256").update(plain).digest(),
    fileEncSha256: createHash("sha256").update(ciphertext).digest(),
    fileLength: plain.length,
  };
}

/** Throws when the file was not made with this key, or is damaged. */
export function decryptFile(ciphertext: Buffer, mediaKey: Uint8Array, kind: CipherKind): Buffer {
  const { iv, cipherKey, macKey } = deriveKeys(mediaKey, kind);
  const body = ciphertext.subarray(0, -MAC_BYTES);
  if (!macOf(macKey, iv, body).equals(ciphertext.subarray(-MAC_BYTES))) throw new Error("the file's MAC is wrong");
  const decipher = createDecipheriv("aes-256-cbc", cipherKey, iv);
  return Buffer.concat([decipher.update(body), decipher.final()]);
}

function deriveKeys(mediaKey: Uint8Array, kind: CipherKind): { iv: Buffer; cipherKey: Buffer; macKey: Buffer } {
  const keys = Buffer.from(hkdfSync("sha256", mediaKey, Buffer.alloc(0), INFO[kind], 112));
  return { iv: keys.subarray(0, 16), cipherKey: keys.subarray(16, 48), macKey: keys.subarray(48, 80) };
}

function macOf(key: Buffer, iv: Buffer, body: Buffer): Buffer {
  return createHmac("sha256", key).update(iv).update(body).digest().subarray(0, MAC_BYTES);
}
