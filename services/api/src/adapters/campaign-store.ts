import { Campaign, LineError } from "@flotilla/shared/contract/http-campaigns";
import { AppError } from "@flotilla/shared/contract/problem";
import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { CampaignStore } from "../ports.ts";
import { readPage } from "./read-page.ts";
import { unlessRefused } from "./refusals.ts";

const Changed = z.object({
  campaign: Campaign,
  wakes: z.array(z.object({ session_id: z.uuid(), shard: z.int(), lane: z.int() })).default([]),
  heads: z.record(z.string(), z.int()).default({}),
  replayed: z.boolean().default(false),
});

/** Campaigns, their moves and their refused lines. */
export function createCampaignStore(client: ServiceClient): CampaignStore {
  return {
    async create(tenant, row) {
      const answer = await callFunction(client, "create_campaign", { p_tenant: tenant, p: row });
      return Changed.parse(unlessRefused(answer, "campaign", row));
    },
    async control(tenant, id, request, requestId) {
      const args = { p_tenant: tenant, p_campaign: id, p_request: request, p_request_id: requestId };
      return Changed.parse(unlessRefused(await callFunction(client, "control_campaign", args), "campaign"));
    },
    async get(tenant, id) {
      const args = { p_tenant: tenant, p_campaign: id };
      const found = await callFunction(client, "get_campaign", args, { schema: Campaign.nullable() });
      if (found === null) throw new AppError("not_found", "There is no such campaign");
      return found;
    },
    list: (tenant, filters) => readPage(client, "list_campaigns", { tenant, filters, item: Campaign }),
    listErrors: (tenant, id, { part, afterPart, afterLine, limit }) =>
      callFunction(
        client,
        "list_line_errors",
        {
          p_tenant: tenant,
          p_campaign: id,
          p_part: part,
          p_after_part: afterPart,
          p_after_line: afterLine,
          p_limit: limit,
        },
        { schema: z.array(LineError) },
      ),
  };
}
