import type * as library from "@whiskeysockets/baileys";

/** The library as a value: imported only by `prepareBaileys`, handed to whoever needs more than its types. */
export type Baileys = typeof library;

/** The release whose inner workings our patches and checks know. */
export const pinnedVersion = "7.0.0-rc14";
