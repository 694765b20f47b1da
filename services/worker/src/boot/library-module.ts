import { createRequire } from "node:module";

/** Loads modules as Baileys would find them, so that a patch reaches the very copy it uses. */
export function requireFromBaileys(): NodeJS.Require {
  return createRequire(createRequire(import.meta.url).resolve("@whiskeysockets/baileys"));
}
