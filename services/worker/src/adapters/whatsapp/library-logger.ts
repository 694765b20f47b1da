import type { Logger } from "@flotilla/shared/runtime/logger";
import type { ILogger } from "@whiskeysockets/baileys/lib/Utils/logger.js";

const nothing = (): void => {};

/**
 * What the library logs, cut down: its lines carry stanzas, JIDs and keys, so only the text and the message of an error
 * pass. Its errors are mostly things that heal (a retry, a reconnect), hence one level lower here; below warn nothing
 * passes, and trace stays off because it would print every stanza.
 */
export function createLibraryLogger(logger: Logger): ILogger {
  const own: ILogger = {
    level: "warn",
    child: () => own,
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: (object, text) => logger.debug({ ...reasonOf(object) }, `library: ${textOf(object, text)}`),
    error: (object, text) => logger.warn({ ...reasonOf(object) }, `library: ${textOf(object, text)}`),
  };
  return own;
}

function textOf(object: unknown, text: string | undefined): string {
  return (text ?? (typeof object === "string" ? object : "(no text)")).slice(0, 160);
}

function reasonOf(object: unknown): { reason?: string } {
  const fields = (typeof object === "object" && object !== null ? object : {}) as Record<string, unknown>;
  const error = fields["err"] ?? fields["error"] ?? fields["e"];
  const reason = error instanceof Error ? error.message : typeof error === "string" ? error : undefined;
  return reason === undefined ? {} : { reason: reason.slice(0, 200) };
}
