import type { CampaignCreate, CreatedCampaign, PartResult } from "@flotilla/shared/contract/http-campaigns";
import { mintCampaignId } from "@flotilla/shared/contract/ids";
import type { FieldError } from "@flotilla/shared/contract/problem";
import { isKnownRegion } from "@flotilla/shared/domain/address";
import { createHash } from "node:crypto";
import { canonicalJson } from "../domain/canonical-json.ts";
import { invalid } from "../domain/field-errors.ts";
import { unsupportedContent } from "../domain/prepare-message.ts";
import type { Announcer, CampaignStore, IdempotencyRequest, RecipientStore } from "../ports.ts";
import { checkCandidate } from "../recipients/check-candidate.ts";
import { beginningLines, judgeBeginning } from "../recipients/judge-beginning.ts";
import { candidateOfValue } from "../recipients/ndjson-candidates.ts";
import { type RecipientSource, uploadRecipients } from "./upload-recipients.ts";

/**
 * Makes a draft. Inline recipients become its part 1, by the way every part goes; a list that cannot be one is refused before
 * the campaign exists. A repeat under the same key finds the campaign and finishes what was left.
 */
export async function createCampaign(
  deps: { campaigns: CampaignStore; recipients: RecipientStore; announcer: Announcer },
  request: { tenant: string; body: CampaignCreate; idempotency: IdempotencyRequest | null; requestId: string },
): Promise<{ campaign: CreatedCampaign; replayed: boolean }> {
  const { tenant, body } = request;
  const text = textOf(body);
  const region = body.default_region ?? null;
  const candidates = body.recipients?.map((value, index) => candidateOfValue(value, index + 1));
  if (candidates !== undefined) {
    const beginning = candidates.slice(0, beginningLines);
    judgeBeginning(
      beginning,
      beginning.map((candidate) => checkCandidate(candidate, { text, region })),
      text,
    );
  }

  const { campaign, heads, replayed } = await deps.campaigns.create(tenant, {
    id: mintCampaignId(),
    name: body.name,
    category: body.category,
    content: { type: body.content.type, text: { body: text } },
    sessions: body.sessions,
    default_region: region,
    ttl_s: body.ttl,
    on_unknown: body.on_unknown,
    metadata: body.metadata,
    idempotency: request.idempotency,
    request_id: request.requestId,
  });
  deps.announcer.announce({ heads });
  if (candidates === undefined) return { campaign: { ...campaign, upload: null }, replayed };

  const digest = createHash("sha256").update(canonicalJson(body.recipients)).digest("hex");
  const source: RecipientSource = {
    async *candidates() {
      yield candidates;
    },
    drain: () => Promise.resolve(),
    digest: () => digest,
  };
  const upload: PartResult = await uploadRecipients(deps, { tenant, campaign: campaign.id, part: 1, source });
  return { campaign: { ...(await deps.campaigns.get(tenant, campaign.id)), upload }, replayed };
}

/** Checks what the schema cannot say; throws with a pointer for each mistake. */
function textOf({ content, default_region }: CampaignCreate): string {
  const errors: FieldError[] = unsupportedContent(content, "/content");
  if (errors.length === 0 && content.text === undefined)
    errors.push({ pointer: "/content/text", code: "required", message: "A campaign of type text needs text.body" });
  if (default_region && !isKnownRegion(default_region))
    errors.push({ pointer: "/default_region", code: "invalid_value", message: "There is no such country code" });
  if (errors.length > 0 || content.text === undefined) throw invalid(errors);
  return content.text.body;
}
