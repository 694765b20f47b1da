import {
  Campaign,
  CampaignCreate,
  CampaignListQuery,
  CampaignPage,
  CreatedCampaign,
} from "@flotilla/shared/contract/http-campaigns";
import { idCursor } from "../http/id-cursor.ts";
import { replayedHeaders, weekS } from "../http/idempotency.ts";
import { answerPage } from "../http/page-answer.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Announcer, CampaignStore, RecipientStore } from "../ports.ts";
import { campaignRequests, controlCampaign } from "../use-cases/control-campaign.ts";
import { createCampaign } from "../use-cases/create-campaign.ts";

export interface CampaignDeps {
  campaigns: CampaignStore;
  recipients: RecipientStore;
  announcer: Announcer;
}

/** Campaigns: make, list, read, and start, pause, resume or cancel one. */
export function campaignRoutes(deps: CampaignDeps): Route[] {
  return [
    defineRoute({
      method: "post",
      path: "/v1/campaigns",
      summary: "Make a campaign, with up to 10,000 recipients or none yet",
      scope: "campaigns:write",
      rate: "batches",
      body: CampaignCreate,
      maxBytes: 10 * 1_024 * 1_024,
      idempotencyTtlS: weekS,
      answers: { 201: { description: "A draft; nothing is sent before it is started", schema: CreatedCampaign } },
      async handle({ tenant, body, idempotency, requestId }) {
        const { campaign, replayed } = await createCampaign(deps, { tenant: tenant.id, body, idempotency, requestId });
        const headers = { Location: `/v1/campaigns/${campaign.id}`, ...replayedHeaders(replayed) };
        return { status: 201, body: campaign, headers };
      },
    }),
    defineRoute({
      method: "get",
      path: "/v1/campaigns",
      summary: "List campaigns, newest first",
      scope: "campaigns:read",
      rate: "reads",
      query: CampaignListQuery,
      answers: { 200: { description: "A page", schema: CampaignPage } },
      handle: ({ tenant, query }) => answerPage(query, idCursor, (filters) => deps.campaigns.list(tenant.id, filters)),
    }),
    defineRoute({
      method: "get",
      path: "/v1/campaigns/:campaign",
      summary: "Read a campaign with its totals",
      scope: "campaigns:read",
      rate: "reads",
      answers: { 200: { description: "The campaign", schema: Campaign } },
      handle: async ({ tenant, params }) => ({
        status: 200,
        body: await deps.campaigns.get(tenant.id, params["campaign"]!),
      }),
    }),
    ...campaignRequests.map((request) =>
      defineRoute({
        method: "post",
        path: `/v1/campaigns/:campaign/${request}`,
        summary: summaries[request],
        scope: "campaigns:run",
        rate: "writes",
        answers: {
          202: { description: "Done as far as the database; workers follow within a second", schema: Campaign },
        },
        handle: async ({ tenant, params, requestId }) => ({
          status: 202,
          body: await controlCampaign(deps, { tenant: tenant.id, id: params["campaign"]!, request, requestId }),
        }),
      }),
    ),
  ];
}

const summaries = {
  start: "Begin to send; the list of recipients is closed from then on",
  pause: "Stop sending within a second; what has left stays sent",
  resume: "Go on sending",
  cancel: "Send nothing more, for good",
} as const;
