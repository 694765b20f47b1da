import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import type { Announcer, CampaignStore } from "../ports.ts";
import { hintsOf } from "./rows-of-messages.ts";

export const campaignRequests = ["start", "pause", "resume", "cancel"] as const;
export type CampaignRequest = (typeof campaignRequests)[number];

/** Moves a campaign and wakes the sessions it uses, so that a pause holds within a second. Asking twice changes nothing. */
export async function controlCampaign(
  deps: { campaigns: CampaignStore; announcer: Announcer },
  { tenant, id, request, requestId }: { tenant: string; id: string; request: CampaignRequest; requestId: string },
): Promise<Campaign> {
  const { campaign, wakes, heads } = await deps.campaigns.control(tenant, id, request, requestId);
  deps.announcer.announce({ heads, hints: [...hintsOf(wakes), { name: "campaign.step", payload: { campaign: id } }] });
  return campaign;
}
