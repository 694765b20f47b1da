import type { ILogger } from "@whiskeysockets/baileys/lib/Utils/logger.js";

const nothing = (): void => {};

/** For library calls of the self-checks, whose complaints concern nobody. */
export const silentLibraryLogger: ILogger = {
  level: "silent",
  child: () => silentLibraryLogger,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};
