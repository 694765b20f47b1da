import crypto, { type BinaryLike, type CipherKey, createSecretKey, KeyObject } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

let installed = false;

/**
 * Makes HMACs and ciphers of the whole process cheaper: the library hands raw key bytes to `node:crypto`, for which
 * Node 24 throws and catches an exception with a stack trace on every call; a key object spares it. What is computed
 * stays the same, and so does what is thrown for a key that the algorithm refuses.
 *
 * Must run before Baileys is imported: modules may keep the functions they found.
 */
export function wrapRawKeys(): void {
  if (installed) return;
  const { createHmac, createCipheriv, createDecipheriv } = crypto;
  const wrapped = {
    createHmac: ((algorithm, key, options) => createHmac(algorithm, asKeyObject(key), options)) as typeof createHmac,
    createCipheriv: ((algorithm: string, key: CipherKey, iv: BinaryLike | null, options?: object) =>
      createCipheriv(algorithm, asKeyObject(key), iv, options)) as typeof createCipheriv,
    createDecipheriv: ((algorithm: string, key: CipherKey, iv: BinaryLike | null, options?: object) =>
      createDecipheriv(algorithm, asKeyObject(key), iv, options)) as typeof createDecipheriv,
  };
  Object.assign(crypto, wrapped);
  syncBuiltinESMExports();
  installed = true;
}

/** Texts and key objects stay as they are: neither costs an exception. */
function asKeyObject<Key extends BinaryLike | KeyObject>(key: Key): Key | KeyObject {
  return typeof key === "string" || key instanceof KeyObject ? key : createSecretKey(key);
}
