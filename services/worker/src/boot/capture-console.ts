import type { Logger } from "@flotilla/shared/runtime/logger";

const methods = ["log", "info", "warn", "error", "debug"] as const;
const libraryPath = /[\\/]node_modules[\\/](?:libsignal|@whiskeysockets)[\\/]/;

let installed = false;

/**
 * Catches what libsignal prints: whole Signal sessions with their private keys. Only its first word, a constant text, goes
 * to the log at debug. Calls from anywhere else pass through. Installing twice changes nothing.
 */
export function captureLibraryConsole(logger: Logger): void {
  if (installed) return;
  installed = true;
  const { console } = globalThis;
  for (const method of methods) {
    const original = console[method].bind(console);
    console[method] = (...args: unknown[]) => {
      if (!libraryPath.test(new Error("where from").stack ?? "")) return original(...args);
      const [text] = args;
      logger.debug({ part: "signal" }, `libsignal: ${typeof text === "string" ? firstLine(text) : "(object)"}`);
    };
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]!.slice(0, 120);
}
