import { z } from "zod";
import { Address, Metadata, PageQuery, SessionRef, Timestamp, labelOf, pageOf } from "./http-common.ts";
import { ClientRef, ContentType, OnUnknown, TextContent, Ttl } from "./http-messages.ts";
import { CampaignStatus } from "./statuses.ts";

/** One recipient: whom, and the values of the variables in the text. */
export const Line = z
  .strictObject({
    to: Address,
    vars: z
      .record(z.string().min(1).max(64), z.string().max(1024))
      .refine((vars) => Object.keys(vars).length <= 64, "at most 64 variables")
      .refine((vars) => JSON.stringify(vars).length <= 8192, "at most 8 KiB of variables")
      .default({}),
    client_ref: ClientRef.nullish(),
  })
  .meta({ id: "CampaignLine" });
export type Line = z.infer<typeof Line>;

/** Body of `POST /v1/campaigns`. The text names variables as `{{name}}`; a recipient without one of them is counted invalid, never sent a hole. */
export const CampaignCreate = z
  .strictObject({
    name: labelOf(120),
    category: z.literal("utility").describe("Marketing needs the consent ledger, which is not built yet"),
    content: z.strictObject({ type: ContentType, text: TextContent.optional() }),
    sessions: z
      .array(SessionRef)
      .min(1)
      .max(500)
      .describe("Recipients are spread over these; one recipient always gets the same"),
    recipients: z
      .array(z.unknown())
      .max(10_000)
      .optional()
      .describe("Up to 10,000 CampaignLine objects; longer lists are streamed"),
    default_region: z
      .string()
      .regex(/^[A-Z]{2}$/, "an ISO 3166-1 country code such as BR")
      .nullish()
      .describe("Completes national numbers"),
    ttl: Ttl,
    on_unknown: OnUnknown.default("resend_same_id"),
    metadata: Metadata.default({}),
  })
  .meta({ id: "CampaignCreate" });
export type CampaignCreate = z.infer<typeof CampaignCreate>;

const count = z.int().min(0);
/** Each line received is in exactly one of the places after `received`, so they add up to it. */
export const CampaignTotals = z
  .object({
    received: count,
    invalid: count,
    duplicate: count,
    suppressed: count,
    planned: count,
    scheduled: count,
    held: count,
    queued: count,
    sending: count,
    unknown: count,
    sent: count,
    delivered: count,
    read: count,
    played: count,
    failed: count,
    canceled: count,
    expired: count,
  })
  .meta({ id: "CampaignTotals" });
export type CampaignTotals = z.infer<typeof CampaignTotals>;

export const Campaign = z
  .object({
    id: z.uuid(),
    name: z.string(),
    category: z.string(),
    content: z.object({ type: z.string(), text: z.object({ body: z.string() }).nullable() }),
    sessions: z.array(z.uuid()),
    status: CampaignStatus,
    status_reason: z.string().nullable(),
    totals: CampaignTotals,
    accepted: count.describe("received − invalid − duplicate − suppressed"),
    rate_per_minute: z
      .number()
      .nullable()
      .describe("Messages acknowledged per minute lately; null before there is a rate"),
    eta: Timestamp.nullable(),
    default_region: z.string().nullable(),
    ttl: z.int(),
    on_unknown: z.string(),
    metadata: Metadata,
    created_at: Timestamp,
    started_at: Timestamp.nullable(),
    finished_at: Timestamp.nullable(),
    revision: z.int(),
  })
  .meta({ id: "Campaign" });
export type Campaign = z.infer<typeof Campaign>;
export const CampaignPage = pageOf(Campaign).meta({ id: "CampaignPage" });
export const CampaignListQuery = PageQuery.extend({ status: CampaignStatus.optional() }).strict();

export const RecipientsQuery = z.strictObject({
  part: z.coerce.number().int().min(1).max(100_000).optional().describe("Number of the part; the next one when absent"),
  delimiter: z.enum([",", ";", "tab"]).default(","),
});

/** What became of one uploaded part; the lines refused are listed by `errors_url`. */
export const PartResult = z
  .object({
    part: z.int(),
    status: z.enum(["complete", "incomplete"]),
    received: count,
    accepted: count,
    duplicate: count,
    suppressed: count,
    invalid: count,
    errors_url: z.string(),
    next_part: z.int(),
  })
  .meta({ id: "PartResult" });
export type PartResult = z.infer<typeof PartResult>;

export const LineError = z
  .object({ part: z.int(), line: z.int(), code: z.string(), message: z.string(), value: z.string() })
  .meta({ id: "CampaignLineError" });
export type LineError = z.infer<typeof LineError>;
export const LineErrorQuery = z.strictObject({ part: z.coerce.number().int().min(1).optional() });

export const CreatedCampaign = Campaign.extend({
  upload: PartResult.nullable().describe("What became of the inline recipients"),
}).meta({ id: "CreatedCampaign" });
export type CreatedCampaign = z.infer<typeof CreatedCampaign>;
