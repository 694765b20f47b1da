import type { WASocket } from "@whiskeysockets/baileys";
import { type Claim, ClaimRefused, LeaseLost, type OutboundRow, SendFailed } from "../../ports.ts";
import { encodeContent } from "./encode-content.ts";
import { currentSend, OutboundSend } from "./outbound-send.ts";
import type { LinkEnding } from "./link-ending.ts";

/** Kinds of address whose messages are Signal-encrypted, so that the claim can ride with a ratchet. */
const encrypted = /@(?:s\.whatsapp\.net|lid|g\.us)$/;

/**
 * Sends one row under its own WhatsApp id. The claim is committed together with the first ratchet of the message; the
 * library returns when the bytes are written; `onWritten` is called as soon as they are.
 *
 * @throws ClaimRefused, LeaseLost; UnsupportedContent before anything happened; SendFailed for the rest
 */
export async function transmit(
  socket: WASocket,
  ending: LinkEnding,
  row: OutboundRow,
  claim: Claim,
  onWritten?: () => void,
): Promise<void> {
  const content = encodeContent(row.type, row.content);
  const send = new OutboundSend(claim, onWritten);
  if (!encrypted.test(row.jid)) throw failed(send, `messages to ${row.jid.split("@").at(-1)} cannot be sent yet`);
  if (ending.isClosed || ending.ownReason !== null) throw failed(send, "the link has ended");

  const going = currentSend.run(send, () => socket.sendMessage(row.jid, content, { messageId: row.wa_message_id }));
  const cut = Promise.withResolvers<never>();
  const forget = ending.onClosed(() => {
    // The library may be in the middle: stop it, and know how the claim ended before we say anything.
    send.stop(new Error("the link ended during the send"));
    void send.outcome().then(() => cut.reject(send.stopped), cut.reject);
  });
  try {
    await Promise.race([going, cut.promise]);
  } catch (error) {
    send.stop(error instanceof Error ? error : new Error(String(error)));
    // What was thrown where it happened says more than the library's "All encryptions failed".
    const cause = send.stopped;
    if (cause instanceof ClaimRefused || cause instanceof LeaseLost) throw cause;
    throw failed(send, "the message could not be sent", cause);
  } finally {
    forget();
    going.catch(() => {});
    cut.promise.catch(() => {});
  }
  if (!send.wasClaimed)
    throw new SendFailed("the message was written without its claim", { wasWritten: true, wasClaimed: false });
}

function failed({ wasWritten, wasClaimed }: OutboundSend, detail: string, cause?: unknown): SendFailed {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new SendFailed(`${detail}${why}`, { wasWritten, wasClaimed, cause });
}
