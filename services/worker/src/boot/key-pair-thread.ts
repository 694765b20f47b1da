import { generateKeyPairSync } from "node:crypto";
import { parentPort } from "node:worker_threads";

/** DER wraps an X25519 key in a fixed prefix (RFC 8410); its 32 bytes are the last. */
const KEY_BYTES = 32;

// Asked for a number of pairs, answers with their bytes, private and public key in turn.
parentPort?.on("message", (count: number) => {
  const bytes = new Uint8Array(count * 2 * KEY_BYTES);
  for (let index = 0; index < count; index++) {
    const { privateKey, publicKey } = generateKeyPairSync("x25519", {
      publicKeyEncoding: { format: "der", type: "spki" },
      privateKeyEncoding: { format: "der", type: "pkcs8" },
    });
    bytes.set(privateKey.subarray(-KEY_BYTES), index * 2 * KEY_BYTES);
    bytes.set(publicKey.subarray(-KEY_BYTES), index * 2 * KEY_BYTES + KEY_BYTES);
  }
  parentPort?.postMessage(bytes, [bytes.buffer]);
});
