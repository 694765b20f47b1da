import { z } from "zod";

/** How far a message has come. The meaning and the legal moves stand in `domain/message-status.ts`. */
export const MessageStatus = z.enum([
  "scheduled",
  "held",
  "queued",
  "sending",
  "unknown",
  "sent",
  "delivered",
  "read",
  "played",
  "failed",
  "canceled",
  "expired",
]);
export type MessageStatus = z.infer<typeof MessageStatus>;

/** What is observed of a session; what was asked of it is `desired`. The table of moves: `domain/session-state.ts`. */
export const SessionStatus = z.enum([
  "stopped",
  "starting",
  "awaiting_scan",
  "awaiting_code",
  "connecting",
  "syncing",
  "connected",
  "degraded",
  "reconnecting",
  "conflict",
  "logged_out",
  "restricted",
  "banned",
  "failed",
]);
export type SessionStatus = z.infer<typeof SessionStatus>;

export const SessionDesired = z.enum(["running", "stopped", "deleted"]);
export type SessionDesired = z.infer<typeof SessionDesired>;

export const CampaignStatus = z.enum(["draft", "ready", "running", "paused", "completed", "canceled"]);
export type CampaignStatus = z.infer<typeof CampaignStatus>;
