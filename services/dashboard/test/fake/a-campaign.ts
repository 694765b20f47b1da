import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import { mintUuid } from "@flotilla/shared/contract/ids";
import type { CampaignStatus } from "@flotilla/shared/contract/statuses";

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const none = {
  received: 0,
  invalid: 0,
  duplicate: 0,
  suppressed: 0,
  planned: 0,
  scheduled: 0,
  held: 0,
  queued: 0,
  sending: 0,
  unknown: 0,
  sent: 0,
  delivered: 0,
  read: 0,
  played: 0,
  failed: 0,
  canceled: 0,
  expired: 0,
};

export function aCampaign(name: string, status: CampaignStatus, totals: Partial<Campaign["totals"]>): Campaign {
  const all = { ...none, ...totals };
  return {
    id: mintUuid(),
    name,
    category: "utility",
    content: { type: "text", text: { body: "Hello {{first_name}}, your order {{order}} is ready to be picked up." } },
    sessions: [mintUuid(), mintUuid()],
    status,
    status_reason: null,
    totals: all,
    accepted: all.received - all.invalid - all.duplicate - all.suppressed,
    rate_per_minute: null,
    eta: null,
    default_region: null,
    ttl: 86_400,
    on_unknown: "resend_same_id",
    metadata: {},
    created_at: ago(34),
    started_at: status === "draft" ? null : ago(30),
    finished_at: status === "completed" ? ago(12) : null,
    revision: 1,
  };
}
