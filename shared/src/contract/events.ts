import { z } from "zod";
import { CampaignTotals } from "./http-campaigns.ts";
import { Party, Timestamp } from "./http-common.ts";
import { Failure, Message } from "./http-messages.ts";
import { Session } from "./http-sessions.ts";
import { Suppression } from "./http-suppressions.ts";
import { CampaignStatus, MessageStatus, SessionDesired, SessionStatus } from "./statuses.ts";

/**
 * The event catalogue: facts in the past tense. Every one is appended to the tenant's log in the transaction of the
 * change it reports, so what is in the log happened and what happened is in the log. Schemas only grow.
 */
export const eventCatalogue = {
  /** A session row was made; `session.status_changed` follows as soon as a worker takes it. */
  "session.created": z.object({ session: Session }),
  /** The session was deleted; nothing follows. */
  "session.deleted": z.object({}),
  "session.status_changed": z.object({
    previous: SessionStatus,
    status: SessionStatus,
    reason: z.string().nullable(),
    desired: SessionDesired,
    since: Timestamp,
    deadline: Timestamp.nullable(),
    phone: z.string().nullable(),
    revision: z.int(),
  }),
  /** A QR code is offered. Never the code itself: that goes to the pairing topic and is gone when it expires. */
  "session.qr_issued": z.object({ attempt: z.int(), round: z.int(), expires_at: Timestamp }),
  /** The phone accepted the link. A planned reconnect follows, then `session.status_changed` to `connected`. */
  "session.paired": z.object({
    phone: z.string().nullable(),
    lid: z.string().nullable(),
    push_name: z.string().nullable(),
  }),
  /** A single send or batch item was committed. Campaign messages are counted by `campaign.progressed` instead. */
  "message.accepted": z.object({ message: Message }),
  /** Somebody wrote to us. `delayed` says that WhatsApp kept it while we were away. */
  "message.received": z.object({ message: Message, delayed: z.boolean() }),
  "message.status_changed": z.object({
    message_id: z.uuid(),
    chat_id: z.uuid(),
    client_ref: z.string().nullable(),
    campaign_id: z.uuid().nullable(),
    previous: MessageStatus,
    status: MessageStatus,
    reason: z.string().nullable(),
    failure: Failure.nullable(),
    at: Timestamp,
    revision: z.int(),
  }),
  /** A conversation was read on our side, or its newest message changed by other means. */
  "chat.read": z.object({ chat_id: z.uuid() }),
  /** A person wrote a word for stop. `suppression.added` came with it; `canceled` counts what was taken back. */
  "contact.opted_out": z.object({
    party: Party,
    source: z.literal("keyword"),
    keyword: z.string(),
    message_id: z.uuid(),
    canceled: z.int(),
  }),
  /** A person who had written stop wrote a word for start. */
  "contact.opted_in": z.object({
    party: Party,
    source: z.literal("keyword"),
    keyword: z.string(),
    message_id: z.uuid(),
  }),
  "suppression.added": z.object({ suppression: Suppression, canceled: z.int() }),
  /** `by` is the member who lifted it, null for the person; `note` why. */
  "suppression.removed": z.object({
    suppression: Suppression,
    by: z.string().nullable(),
    note: z.string().nullable(),
  }),
  "campaign.created": z.object({ campaign_id: z.uuid(), name: z.string() }),
  "campaign.status_changed": z.object({
    campaign_id: z.uuid(),
    previous: CampaignStatus,
    status: CampaignStatus,
    reason: z.string().nullable(),
    revision: z.int(),
  }),
  /** Totals moved; at most two a second for each campaign. */
  "campaign.progressed": z.object({
    campaign_id: z.uuid(),
    totals: CampaignTotals,
    rate_per_minute: z.number().nullable(),
    eta: Timestamp.nullable(),
  }),
  /** Every recipient has an end. Receipts go on moving the totals, reported by `campaign.progressed`. */
  "campaign.completed": z.object({ campaign_id: z.uuid(), totals: CampaignTotals, duration_s: z.number() }),
} as const;

export type EventType = keyof typeof eventCatalogue;
export type EventData<Type extends EventType> = z.infer<(typeof eventCatalogue)[Type]>;
const eventTypes = Object.keys(eventCatalogue) as EventType[];

/**
 * The one envelope of Socket.io, `GET /v1/events` and, later, webhooks. `sequence` is dense per tenant and follows
 * commit order: a missing number is a missing event. `log_id` changes only when the log itself was replaced.
 */
export const Envelope = z
  .object({
    id: z.uuid(),
    type: z.enum(eventTypes),
    schema: z.string().describe("`<type>.v1`"),
    time: Timestamp,
    tenant: z.uuid(),
    sequence: z.int(),
    log_id: z.uuid(),
    lease_epoch: z.int().nullable().describe("Epoch of the worker's lease that wrote it; null for the API"),
    session: z.object({ id: z.uuid(), name: z.string(), phone: z.string().nullable() }).nullable(),
    subject: z.string().describe("Id of what it is about"),
    request_id: z.string().nullable(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "Event" });
export type Envelope = z.infer<typeof Envelope>;

/** Parses the data of an envelope by its type. Throws when the log holds something the catalogue does not know. */
export function parseEventData<Type extends EventType>(type: Type, data: unknown): EventData<Type> {
  return eventCatalogue[type].parse(data) as EventData<Type>;
}

export const EventListQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .default(100)
    .transform((limit) => Math.min(limit, 1000)),
  wait: z.coerce
    .number()
    .min(0)
    .default(0)
    .transform((seconds) => Math.min(seconds, 25)),
});
export const EventPage = z
  .object({ data: z.array(Envelope), next_after: z.int(), head: z.int(), log_id: z.uuid(), has_more: z.boolean() })
  .meta({ id: "EventPage" });
