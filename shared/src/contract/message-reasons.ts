/**
 * Why a message is where it is: the codes of `status_reason` and of `failure.code` by status. A code that stands here has
 * a sentence of its own in `domain/explain-message.ts`; codes only grow.
 */
export const messageReasons = {
  held: [
    "quiet_hours",
    "daily_cap",
    "cold_cap",
    "frequency_cap",
    "reachout_lock",
    "new_chat_cap",
    "session_offline",
    "paused",
    "review",
  ],
  unknown: ["assumed_sent", "awaiting_person"],
  failed: [
    "not_on_whatsapp",
    "invalid_recipient",
    "recipient_is_sender",
    "opted_out",
    "consent_missing",
    "reachout_locked",
    "new_chat_cap",
    "media_fetch_failed",
    "media_too_large",
    "media_rejected",
    "unsupported_content",
    "session_logged_out",
    "session_banned",
    "encryption_failed",
    "server_rejected",
    "no_ack",
    "internal",
    "poison",
  ],
  canceled: ["user", "campaign", "opted_out", "session_deleted"],
  expired: ["ttl"],
} as const;

export type HeldReason = (typeof messageReasons.held)[number];
export type UnknownReason = (typeof messageReasons.unknown)[number];
export type FailureCode = (typeof messageReasons.failed)[number];
export type CanceledReason = (typeof messageReasons.canceled)[number];
