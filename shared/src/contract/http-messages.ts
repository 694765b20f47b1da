import { z } from "zod";
import { Address, Metadata, PageQuery, Party, SessionRef, Timestamp, pageOf } from "./http-common.ts";
import { MessageStatus } from "./statuses.ts";

/** The kinds of content that exist in WhatsApp and in our API; those beyond `text` answer `unsupported_content` for now. */
export const ContentType = z.enum([
  "text",
  "image",
  "video",
  "audio",
  "document",
  "sticker",
  "location",
  "contacts",
  "poll",
  "template",
  "interactive",
  "forward",
]);
export const supportedContentTypes: readonly string[] = ["text"];

export const TextContent = z.strictObject({ body: z.string().min(1).max(65_536) });
/** What to do when a message was written to the wire and no ack came: send again under the same WhatsApp id, believe, or wait for a person. */
export const OnUnknown = z.enum(["resend_same_id", "assume_sent", "hold"]);
/** Seconds until an unsent message expires. */
export const Ttl = z.int().min(60).max(2_592_000).default(86_400);
export const ClientRef = z.string().min(1).max(128);

/** Body of `POST /v1/messages`: exactly one recipient, sent by one session, once. */
export const MessageCreate = z
  .strictObject({
    session: SessionRef,
    to: Address,
    type: ContentType,
    text: TextContent.optional(),
    category: z.enum(["service", "utility", "authentication", "marketing"]).default("service"),
    client_ref: ClientRef.nullish().describe(
      "Your reference, unique in the tenant: the same reference is the same message",
    ),
    ttl: Ttl,
    on_unknown: OnUnknown.default("resend_same_id"),
    metadata: Metadata.default({}),
  })
  .meta({ id: "MessageCreate" });
export type MessageCreate = z.infer<typeof MessageCreate>;

/** Body of `POST /v1/messages/batch`. Items are checked one by one; `atomic` stores nothing when any item is refused. */
export const MessageBatch = z
  .strictObject({
    items: z.array(z.unknown()).min(1).max(1000).describe("1 to 1,000 MessageCreate objects"),
    defaults: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("Fields that every item has unless it says otherwise"),
    atomic: z.boolean().default(false),
  })
  .meta({ id: "MessageBatch" });

/** Body of `POST /v1/messages/{message}/resolve`: what a person decides about a message without an answer, or under review. */
export const MessageResolve = z
  .strictObject({
    as: z
      .enum(["resend", "assume_sent", "failed", "release"])
      .describe(
        "For a message in `unknown`: send it again under the same WhatsApp id, believe that it arrived, or declare it failed; " +
          "for one held for review: release it. Evidence that comes later still counts.",
      ),
  })
  .meta({ id: "MessageResolve" });
export type MessageResolve = z.infer<typeof MessageResolve>;

export const Failure = z.object({ code: z.string(), detail: z.string(), retryable: z.boolean() });

export const Message = z
  .object({
    id: z.uuid(),
    direction: z.enum(["out", "in"]),
    session_id: z.uuid(),
    chat_id: z.uuid(),
    party: Party,
    type: z
      .string()
      .describe("`undecryptable`: received and not readable, `status_reason` says why; a readable copy may replace it"),
    text: z.object({ body: z.string() }).nullable(),
    category: z.string(),
    status: MessageStatus,
    status_reason: z.string().nullable(),
    failure: Failure.nullable(),
    wa_message_id: z.string().nullable(),
    client_ref: z.string().nullable(),
    campaign_id: z.uuid().nullable(),
    batch_id: z.uuid().nullable(),
    expires_at: Timestamp.nullable(),
    accepted_at: Timestamp,
    sent_at: Timestamp.nullable(),
    delivered_at: Timestamp.nullable(),
    read_at: Timestamp.nullable(),
    played_at: Timestamp.nullable(),
    metadata: Metadata,
    request_id: z.string().nullable(),
    revision: z.int(),
  })
  .meta({ id: "Message" });
export type Message = z.infer<typeof Message>;
export const MessagePage = pageOf(Message).meta({ id: "MessagePage" });

export const MessageListQuery = PageQuery.extend({
  session: SessionRef.optional(),
  chat: z.uuid().optional(),
  campaign: z.uuid().optional(),
  batch: z.uuid().optional(),
  direction: z.enum(["out", "in"]).optional(),
  status: MessageStatus.optional(),
  client_ref: ClientRef.optional(),
  wa_message_id: z.string().max(64).optional(),
}).strict();

export const BatchResult = z
  .object({
    batch_id: z.uuid(),
    accepted: z.int(),
    duplicate: z.int(),
    rejected: z.int(),
    results: z.array(
      z.object({
        index: z.int(),
        outcome: z.enum(["accepted", "duplicate", "rejected"]),
        id: z.uuid().optional(),
        status: MessageStatus.optional(),
        problem: z
          .object({
            code: z.string(),
            detail: z.string(),
            errors: z.array(z.object({ pointer: z.string(), code: z.string(), message: z.string() })).optional(),
          })
          .optional(),
      }),
    ),
  })
  .meta({ id: "BatchResult" });
export type BatchResult = z.infer<typeof BatchResult>;
