// oxlint-disable-next-line eslint/no-restricted-imports -- its types; what may not be used is left out below
import type * as library from "@whiskeysockets/baileys";

/** The library as a value: imported only by `prepareBaileys`, handed to whoever needs more than its types. */
export type Baileys = Omit<typeof library, "useMultiFileAuthState">;

/** The release whose inner workings our patches and checks know. */
export const pinnedVersion = "7.0.0-rc14";
