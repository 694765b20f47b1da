import type { BinaryNode, WASocket } from "@whiskeysockets/baileys";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { Baileys } from "../../boot/library.ts";
import type { InboundJournal, InboundMessage } from "../../ports.ts";
import type { SessionSealer } from "../sealing/sealer.ts";
import type { LinkAuth } from "./auth-state.ts";
import { CarefulStanzas } from "./careful-stanzas.ts";
import { decodeUnreadable } from "./decode-message.ts";
import { isDelayed, readEnvelope, type Self, StanzaIndex, withheldReason } from "./inbound-stanza.ts";
import { createJournaledDecrypt, type JournaledDecrypt } from "./journaled-decrypt.ts";
import type { PeerTurns } from "./peer-turns.ts";
import { replayJournal } from "./replay-journal.ts";

/** The phone is asked for content that WhatsApp did not send; it answers within seconds, if at all. */
const missingAfterMs = 120_000;

export interface InboundOptions {
  baileys: Baileys;
  /** Null: nothing is journaled. */
  journal: InboundJournal | null;
  sealer: SessionSealer;
  auth: LinkAuth;
  /** The owner before died. */
  careful: boolean;
  /** Turns of what may kill the process, shared by all its links. */
  alone: PeerTurns;
  isCut: () => boolean;
  onFailure: (error: unknown) => void;
  /** Hands a message over; resolves when that is done. */
  tell: (message: InboundMessage) => Promise<void>;
  logger: Logger;
}

/** The inbound side of one link, made before its socket. */
export interface Inbound {
  decrypt: JournaledDecrypt | undefined;
  /** Starts to see stanzas, before the library does. */
  listen: (socket: WASocket) => void;
  /** WhatsApp has delivered all that it kept for us. */
  hasAll: () => void;
  /** The link has ended. */
  end: () => void;
}

/**
 * Replays what a former owner decrypted and did not store; then prepares to journal what comes. Resolves when everything
 * replayed has been handed over. A session that is not paired has nothing to replay.
 *
 * @throws what reading the journal throws; nothing has been dialled then
 */
export async function openInbound(options: InboundOptions): Promise<Inbound> {
  const { baileys, journal, sealer, auth, alone, isCut, onFailure, tell, logger } = options;
  if (journal === null) return { decrypt: undefined, listen: () => {}, hasAll: () => {}, end: () => {} };

  const first = auth.isPaired() ? await journal.waiting(0) : { rows: [], tries: [] };
  const careful = new CarefulStanzas({ journal, alone, isActive: options.careful, tries: first.tries });
  await replayJournal({ baileys, journal, sealer, tell, logger }, first, careful);

  const stanzas = new StanzaIndex();
  const self = (): Self => ({ id: auth.creds.me?.id ?? "", lid: auth.creds.me?.lid ?? "" });
  const handOver = (message: InboundMessage): void => void tell(message);
  const decrypt = createJournaledDecrypt({
    baileys,
    journal,
    sealer,
    stanzas,
    careful,
    self,
    isCut,
    onFailure,
    tell: handOver,
    logger,
  });

  /** Stanzas that nothing can be decrypted of: the library answers them, and tells nobody or an empty message. */
  function noteWithheld(node: BinaryNode): void {
    const reason = withheldReason(node);
    if (reason === null || journal === null) return;
    const stub = decodeUnreadable(baileys, readEnvelope(baileys, node.attrs, self()), isDelayed(node.attrs), reason);
    if (stub === null) return;
    if (reason === "content_missing") journal.expect(stub, stub, missingAfterMs).catch(onFailure);
    else handOver(stub);
  }

  return {
    decrypt,
    listen(socket) {
      // Before the library's own listener: it takes the stanza apart at once.
      socket.ws.prependListener("CB:message", (node: BinaryNode) => {
        stanzas.note(node);
        try {
          noteWithheld(node);
        } catch (error) {
          logger.debug({ error }, "A message stanza could not be read");
        }
      });
    },
    hasAll: () => careful.hasAll(),
    end: () => careful.end(),
  };
}
