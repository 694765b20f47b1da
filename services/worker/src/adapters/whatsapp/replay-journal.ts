import type { Logger } from "@flotilla/shared/runtime/logger";
import type { Baileys } from "../../boot/library.ts";
import type { InboundJournal, InboundMessage, UnreadableReason, WaitingRow } from "../../ports.ts";
import type { SessionSealer } from "../sealing/sealer.ts";
import type { CarefulStanzas } from "./careful-stanzas.ts";
import { decodeMessage, decodeUnreadable } from "./decode-message.ts";
import { isDelayed, readEnvelope, withContent } from "./inbound-stanza.ts";
import { openEntry } from "./journal-entry.ts";

export interface ReplayOptions {
  baileys: Baileys;
  journal: InboundJournal;
  sealer: SessionSealer;
  /** Resolves when the message has been handed over. */
  tell: (message: InboundMessage) => Promise<void>;
  logger: Logger;
}

type Waiting = Awaited<ReturnType<InboundJournal["waiting"]>>;

/** Rows hold messages of others only, so nobody has to be recognised. */
const nobody = { id: "", lid: "" } as const;

/**
 * Hands over what was decrypted and not stored by whoever had the session before, oldest first, read as a live message is.
 * What cannot be read is replaced by a stub, so that no row comes back for ever. `first` is the first page, read before.
 *
 * @throws what the journal throws
 */
export async function replayJournal(options: ReplayOptions, first: Waiting, careful: CarefulStanzas): Promise<void> {
  const { journal, logger } = options;
  let count = 0;
  for (let page = first.rows; page.length > 0; page = (await journal.waiting(page.at(-1)!.no)).rows) {
    for (const row of page) {
      await replayRow(options, row, await careful.mayTouch(row, true));
      count++;
    }
  }
  if (count > 0) logger.info({ count }, "Messages that were decrypted and not stored before are replayed");
}

async function replayRow(options: ReplayOptions, row: WaitingRow, mayTouch: boolean): Promise<void> {
  const { baileys, journal, tell, logger } = options;
  let message: InboundMessage | null;
  try {
    message = mayTouch ? readRow(options, row) : stubOf(baileys, row, "poisoned");
  } catch (error) {
    logger.error({ error }, "A journaled message cannot be read and is replaced by a stub");
    message = stubOf(baileys, row, "content_unreadable");
  }
  await (message === null ? journal.settle(row) : tell(message));
}

/** Throws what the seal, the library or the content's decoder throw. */
function readRow({ baileys, sealer }: ReplayOptions, row: WaitingRow): InboundMessage | null {
  const { attrs, plaintext } = openEntry(sealer, row, row.part, row.value);
  return decodeMessage(
    baileys,
    withContent(baileys, readEnvelope(baileys, attrs, nobody), plaintext),
    isDelayed(attrs),
  );
}

/** Made from the row's name alone: not even the row may be readable. */
function stubOf(
  baileys: Baileys,
  { chat, participant, waMessageId }: WaitingRow,
  reason: UnreadableReason,
): InboundMessage | null {
  const attrs = { id: waMessageId, from: chat, t: String(Math.floor(Date.now() / 1_000)) };
  const envelope = readEnvelope(baileys, participant === "" ? attrs : { ...attrs, participant }, nobody);
  return decodeUnreadable(baileys, envelope, true, reason);
}
