import type { Message } from "../contract/http-messages.ts";
import type { CanceledReason, FailureCode, HeldReason, UnknownReason } from "../contract/message-reasons.ts";
import { assertNever } from "./assert-never.ts";

/** What a sentence is made of. `releaseAt` is when a wait ends by itself, if that is known. */
export interface Explained extends Pick<Message, "direction" | "status" | "status_reason" | "failure" | "expires_at"> {
  releaseAt: string | null;
}

const heldWords: Readonly<Record<HeldReason, string>> = {
  quiet_hours: "It is held because the recipient's quiet hours last",
  daily_cap: "It is held because the session has sent all it may today",
  cold_cap: "It is held because the session has opened all the new chats it may today",
  frequency_cap: "It is held because the recipient has had as many messages as the policy allows",
  reachout_lock: "It is held because WhatsApp does not let this account open new chats now",
  new_chat_cap: "It is held because WhatsApp's own limit of new chats is reached",
  session_offline: "It is held because its session is not connected, and leaves when the session is back",
  paused: "It is held because sending is paused",
  review: "It is held because a member has to release it first",
};

const unknownWords: Readonly<Record<UnknownReason, string>> = {
  assumed_sent:
    "It was written to WhatsApp and never confirmed; as on_unknown asks, it counts as sent and is not sent again.",
  awaiting_person:
    "It was written to WhatsApp and never confirmed; as on_unknown asks, it is not sent again and waits for evidence or a person.",
};

const failedWords: Readonly<Record<FailureCode, string>> = {
  not_on_whatsapp: "The number has no WhatsApp account.",
  invalid_recipient: "The address cannot be a recipient.",
  recipient_is_sender: "The recipient is the sending account itself.",
  opted_out: "The recipient asked not to be written to.",
  consent_missing: "The policy asks for the recipient's consent, and none is recorded.",
  reachout_locked: "WhatsApp does not let this account open new chats now, and refused this one.",
  new_chat_cap: "WhatsApp's own limit of new chats was reached, and it refused this one.",
  media_fetch_failed: "Its file could not be fetched.",
  media_too_large: "Its file is larger than WhatsApp takes.",
  media_rejected: "Its file was refused.",
  unsupported_content: "This kind of content cannot be sent.",
  session_logged_out: "Its session was logged out before the message could leave.",
  session_banned: "WhatsApp banned its session before the message could leave.",
  encryption_failed: "It could not be encrypted for the recipient's devices.",
  server_rejected: "WhatsApp's server refused it.",
  no_ack: "It was written to WhatsApp and never confirmed until its time was up: it may have arrived.",
  internal: "It failed by a fault of ours.",
  poison: "Its worker ended three times while sending it, so it was set aside.",
};

const canceledWords: Readonly<Record<CanceledReason, string>> = {
  user: "It was canceled by a member before it left.",
  campaign: "It was canceled with its campaign before it left.",
  opted_out: "It was canceled because the recipient asked not to be written to.",
  session_deleted: "It was canceled because its session was deleted before it left.",
};

/**
 * How things stand with a message, in one plain sentence. A reason that the contract does not know is named as it is.
 * Pure; times are given in UTC.
 */
export function explainMessage(message: Explained): string {
  const { status, status_reason: reason } = message;
  if (message.direction === "in") return "It was received from WhatsApp and stored once.";
  switch (status) {
    case "scheduled":
      return `It waits for its time${untilWords(message)}.`;
    case "held":
      return `${known(heldWords, reason) ?? `It is held${named(reason)}`}${untilWords(message)}.`;
    case "queued":
      return reason === null
        ? "It is ready and waits for its turn in its session's lane."
        : `It did not get through${named(reason)} and is tried again by itself${untilWords(message, "not before")}.`;
    case "sending":
      return "A worker is sending it: WhatsApp's server has not confirmed it yet.";
    case "unknown":
      return (
        known(unknownWords, reason) ??
        `It was written to WhatsApp and no confirmation came${named(reason)}; it is sent again under the same WhatsApp id, which a recipient shows once.`
      );
    case "sent":
      return "WhatsApp's server took it; no device of the recipient has confirmed it yet.";
    case "delivered":
      return "It has reached a device of the recipient.";
    case "read":
      return "The recipient has read it.";
    case "played":
      return "The recipient has played it.";
    case "failed":
      return explainFailure(message);
    case "canceled":
      return known(canceledWords, reason) ?? `It was canceled before it left${named(reason)}.`;
    case "expired":
      return message.expires_at === null
        ? "Its time to live ended before it could be sent."
        : `Its time to live ended at ${inUtc(message.expires_at)}, before it could be sent.`;
    default:
      return assertNever(status);
  }
}

function explainFailure({ failure, status_reason: reason }: Explained): string {
  const code = failure?.code ?? reason;
  const sentence =
    known(failedWords, code) ?? `It failed${named(code)}${failure === null ? "" : `: ${failure.detail}`}.`;
  return failure?.retryable === true ? `${sentence} Sending it anew later can help.` : sentence;
}

/** `2026-11-24 08:00:00 UTC`. */
export function inUtc(moment: string): string {
  return `${new Date(moment).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

const known = (words: Readonly<Record<string, string>>, reason: string | null): string | undefined =>
  reason !== null && Object.hasOwn(words, reason) ? words[reason] : undefined;
const named = (reason: string | null): string => (reason === null ? "" : ` (${reason})`);
const untilWords = ({ releaseAt }: Explained, word = "until"): string =>
  releaseAt === null ? "" : `, ${word} ${inUtc(releaseAt)}`;
