import { z } from "zod";
import type { Envelope } from "./events.ts";
import { Timestamp } from "./http-common.ts";

/**
 * The Socket.io contract of namespace `/realtime`, typed from here on both sides. Sockets are read-only: nothing a
 * client emits reaches WhatsApp. The client's rule for batches stands in `domain/event-cursor.ts`.
 */
export const realtimeNamespace = "/realtime";

/** A filtered view of the tenant's log, except `pairing`, which carries the code to scan and is never logged. */
export const Topic = z.union([
  z.literal("tenant"),
  z.literal("inbox"),
  z.templateLiteral(["session:", z.uuid()]),
  z.templateLiteral(["chat:", z.uuid()]),
  z.templateLiteral(["campaign:", z.uuid()]),
  z.templateLiteral(["pairing:", z.uuid()]),
]);
export type Topic = z.infer<typeof Topic>;

export const Subscription = z.strictObject({
  topic: z.string().max(64),
  after: z.int().min(0).optional().describe("Last sequence applied; absent: from now on"),
  log_id: z.uuid().optional(),
});
export const SubscribeRequest = z.strictObject({ topics: z.array(Subscription).min(1).max(50) });
export type SubscribeRequest = z.input<typeof SubscribeRequest>;
export const UnsubscribeRequest = z.strictObject({ topics: z.array(z.string().max(64)).min(1).max(50) });
export const ResumeRequest = z.strictObject({ topic: z.string().max(64), after: z.int().min(0), log_id: z.uuid() });
export const RefreshRequest = z.strictObject({ token: z.string().max(16_384) });

/** Handshake `auth`: a member's JWT; `tenant` chooses among several. */
export const HandshakeAuth = z.object({ token: z.string().max(16_384), tenant: z.uuid().optional() });

export type SubscribeResult =
  | { topic: string; ok: true; head: number; log_id: string; replay: boolean }
  | { topic: string; ok: false; code: "unknown_topic" | "not_found" | "forbidden" | "too_many_topics" }
  | { topic: string; resync_required: true; oldest: number; log_id: string };

/** The half-open range `(from, to]` of one topic: a filtered topic leaves events out, never ranges. */
export interface EventBatch {
  topic: string;
  log_id: string;
  from: number;
  to: number;
  events: Envelope[];
}

/** The code to show now; `value` is null when pairing ended. It is a credential until `expires_at`. */
export const PairingUpdate = z.object({
  session_id: z.uuid(),
  kind: z.enum(["qr", "code"]),
  value: z.string().nullable(),
  attempt: z.int(),
  round: z.int(),
  expires_at: Timestamp.nullable(),
});
export type PairingUpdate = z.infer<typeof PairingUpdate>;

export interface Hello {
  tenant: string;
  log_id: string;
  head: number;
  server_time: string;
  replica: string;
  limits: { topics: number };
}

export type HandshakeRefusal =
  | "unauthenticated"
  | "token_expired"
  | "too_many_connections"
  | "draining"
  | "unavailable";

export interface ServerToClientEvents {
  hello: (hello: Hello) => void;
  events: (batch: EventBatch, ack?: () => void) => void;
  pairing: (update: PairingUpdate) => void;
  "auth.expiring": (notice: { expires_at: string }) => void;
  draining: (notice: { reconnect_in_ms: number }) => void;
}

export interface ClientToServerEvents {
  subscribe: (
    request: SubscribeRequest,
    ack: (answer: { results: SubscribeResult[] } | { problem: string }) => void,
  ) => void;
  unsubscribe: (request: { topics: string[] }, ack: (answer: { ok: boolean }) => void) => void;
  resume: (
    request: { topic: string; after: number; log_id: string },
    ack: (answer: { results: SubscribeResult[] } | { problem: string }) => void,
  ) => void;
  "auth.refresh": (
    request: { token: string },
    ack: (answer: { ok: boolean; expires_at?: string; problem?: string }) => void,
  ) => void;
}
