import { PartResult } from "@flotilla/shared/contract/http-campaigns";
import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { OpenedPart, RecipientStore } from "../ports.ts";
import { unlessRefused } from "./refusals.ts";

const Opened = z.object({
  part: z.int(),
  upload: z.uuid().nullable(),
  complete: z.boolean(),
  digest: z.string().nullable(),
  result: PartResult,
  content: z.object({ text: z.object({ body: z.string() }) }),
  default_region: z.string().nullable(),
});

const chunkTimeoutMs = 30_000;

/** The parts of a campaign's recipients. A chunk locks the campaign's row, so one upload has one call in flight. */
export function createRecipientStore(client: ServiceClient): RecipientStore {
  const call = async (name: string, args: Record<string, unknown>) =>
    unlessRefused(await callFunction(client, name, args, { timeoutMs: chunkTimeoutMs }), "campaign");
  const of = (tenant: string, campaign: string, { part, upload }: OpenedPart) => ({
    p_tenant: tenant,
    p_campaign: campaign,
    p_part: part,
    p_upload: upload,
  });
  return {
    async open(tenant, campaign, part) {
      const args = { p_tenant: tenant, p_campaign: campaign, p_part: part };
      const { content, default_region, ...opened } = Opened.parse(await call("open_campaign_part", args));
      return { ...opened, text: content.text.body, defaultRegion: default_region };
    },
    async add(tenant, campaign, opened, rows, errors) {
      await call("add_recipients", { ...of(tenant, campaign, opened), p_rows: rows, p_errors: errors });
    },
    async close(tenant, campaign, opened, digest) {
      return PartResult.parse(await call("close_campaign_part", { ...of(tenant, campaign, opened), p_digest: digest }));
    },
    async drop(tenant, campaign, opened) {
      await call("drop_campaign_part", of(tenant, campaign, opened));
    },
  };
}
