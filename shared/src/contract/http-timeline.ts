import { z } from "zod";
import { Timestamp } from "./http-common.ts";
import { MessageStatus } from "./statuses.ts";

/** How a worker stopped holding a shard: an operator's drain, an orderly stop, a planned move, or a lease that ran out. */
export const LeaseEnd = z.enum(["drained", "left", "rebalanced", "expired"]);
export type LeaseEnd = z.infer<typeof LeaseEnd>;

/**
 * What a line of a timeline tells of. `claimed`: the sending state and the encryption state were committed, bytes may leave
 * from here on. `taken_over`: another worker holds the session since. `resent`: repeated under the same WhatsApp id.
 */
export const TimelineKind = z.enum([
  "accepted",
  "scheduled",
  "held",
  "queued",
  "claimed",
  "taken_over",
  "resent",
  "returned",
  "unknown",
  "ack",
  "delivered",
  "read",
  "played",
  "failed",
  "canceled",
  "expired",
  "received",
]);
export type TimelineKind = z.infer<typeof TimelineKind>;

export const TimelineEntry = z
  .object({
    at: Timestamp.describe("When it was committed; for receipts that is at or after the moment WhatsApp names"),
    kind: TimelineKind,
    detail: z.object({
      text: z.string().describe("The line in words"),
      status: MessageStatus.describe("The message's status after it"),
      reason: z.string().nullable().describe("The rule, the failure's code, or how a lease ended"),
      worker_id: z.string().nullable().describe("The worker concerned, as far as it is still known"),
      lease_epoch: z.int().nullable(),
      attempt: z.int().nullable().describe("How often the message was written to WhatsApp so far"),
      release_at: Timestamp.nullable().describe("When a wait ends by itself, if that is known"),
    }),
  })
  .meta({ id: "TimelineEntry" });
export type TimelineEntry = z.infer<typeof TimelineEntry>;

/** `GET /v1/messages/{id}/timeline`: one sentence that says how things stand, then every step, oldest first. Steps are kept for at least 30 days. */
export const Timeline = z.object({ explanation: z.string(), entries: z.array(TimelineEntry) }).meta({ id: "Timeline" });
export type Timeline = z.infer<typeof Timeline>;
