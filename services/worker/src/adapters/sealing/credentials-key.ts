import { createHash } from "node:crypto";

/** The key-encryption key of an installation, with the short name that envelopes carry. */
export interface CredentialsKey {
  bytes: Buffer;
  /** First four bytes of the key's SHA-256: tells a foreign key from a damaged row, reveals nothing. */
  id: Buffer;
}

/** Reads `CREDENTIALS_KEY`: 32 random bytes in base64. Throws Error, without the value, when it is anything else. */
export function parseCredentialsKey(text: string): CredentialsKey {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 32 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text.trim())) {
    throw new Error(`CREDENTIALS_KEY must be 32 bytes in base64 (openssl rand -base64 32), this has ${bytes.length}`);
  }
  return { bytes, id: createHash("sha256").update("flotilla-key-id").update(bytes).digest().subarray(0, 4) };
}
