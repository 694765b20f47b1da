import { z } from "zod";
import { Address, PageQuery, Party, Timestamp, labelOf, pageOf } from "./http-common.ts";

const SuppressionScope = z.enum(["all", "marketing"]);
const SuppressionReason = z.enum(["keyword", "member", "api", "import", "complaint", "bounce"]);

/** What a person is kept from; `all` includes marketing. */
export const Suppressed = z.enum(["none", "marketing", "all"]);
export type Suppressed = z.infer<typeof Suppressed>;

/** A person who is not to be written to. */
export const Suppression = z
  .object({
    id: z.uuid(),
    address: Party,
    scope: SuppressionScope,
    reason: SuppressionReason.describe("keyword: the person wrote STOP or a word like it"),
    session_id: z.uuid().nullable().describe("The session that a keyword came to"),
    message_id: z.uuid().nullable().describe("The message that asked for it"),
    note: z.string().nullable(),
    created_by: z.string().describe("Id of the member; for a keyword the person's own address"),
    created_at: Timestamp,
  })
  .meta({ id: "Suppression" });
export type Suppression = z.infer<typeof Suppression>;
export const SuppressionPage = pageOf(Suppression).meta({ id: "SuppressionPage" });

export const SuppressionListQuery = PageQuery.extend({
  scope: SuppressionScope.optional(),
  reason: SuppressionReason.optional(),
  contact: z.uuid().optional().describe("Those of one person"),
}).strict();

/** Body of `POST /v1/suppressions`. */
export const SuppressionCreate = z
  .strictObject({ address: Address, scope: SuppressionScope.default("all"), note: labelOf(500).nullish() })
  .meta({ id: "SuppressionCreate" });

/** What the request did: who stood there before is kept, and what had not left was taken back. */
export const AddedSuppression = Suppression.extend({
  canceled: z.int().describe("Messages and lines of campaigns that had not left and are taken back"),
}).meta({ id: "AddedSuppression" });
export type AddedSuppression = z.infer<typeof AddedSuppression>;

export const SuppressionDeleteQuery = z.strictObject({
  note: labelOf(500).optional().describe("Why; required for what the person's own STOP made"),
});

/** Body of `POST /v1/suppressions/check`. */
export const SuppressionCheck = z
  .strictObject({ addresses: z.array(z.string().max(80)).min(1).max(1_000) })
  .meta({ id: "SuppressionCheck" });

/** One result for each address, in the order asked. */
export const SuppressionCheckResult = z
  .object({
    results: z.array(
      z.object({ address: z.string(), suppressed: Suppressed.nullable().describe("null: not an address") }),
    ),
  })
  .meta({ id: "SuppressionCheckResult" });

/** How a STOP is answered, once. `text` null: in the language of the word. */
export const OptOutConfirmation = z
  .strictObject({ enabled: z.boolean(), text: z.string().trim().min(1).max(1_000).nullable() })
  .meta({ id: "OptOutConfirmation" });
export type OptOutConfirmation = z.infer<typeof OptOutConfirmation>;
