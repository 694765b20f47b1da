import { Campaign, CreatedCampaign, PartResult } from "@flotilla/shared/contract/http-campaigns";
import { pageOf } from "@flotilla/shared/contract/http-common";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { z } from "zod";

import type { ApiClient } from "./api-client.ts";
import { DEMO_TEXT, recipientLines, usualMix } from "./recipients.ts";
import type { SentMessage } from "./verdict.ts";

/** Where the recipients come from. */
export type RecipientSource = { kind: "file"; path: string } | { kind: "generated"; lines: number; seed: number };

/** Makes the demo's campaign over the given sessions and streams its recipients into it. It is not started yet. */
export async function createDemoCampaign(
  api: ApiClient,
  sessions: string[],
  source: RecipientSource,
): Promise<{ campaign: Campaign; upload: PartResult }> {
  const name = `Demo of ${new Date().toISOString().slice(0, 16).replace("T", " ")}`;
  const content = { type: "text", text: { body: DEMO_TEXT } };
  const body = { name, category: "utility", content, sessions };
  const created = await api.call("/v1/campaigns", { method: "POST", body, schema: CreatedCampaign });
  const upload = await api.call(`/v1/campaigns/${created.id}/recipients`, {
    method: "POST",
    stream: { type: "text/csv", content: contentOf(source) },
    schema: PartResult,
  });
  const campaign = await api.call(`/v1/campaigns/${created.id}`, { schema: Campaign });
  return { campaign, upload };
}

export async function startCampaign(api: ApiClient, id: string): Promise<void> {
  await api.call(`/v1/campaigns/${id}/start`, { method: "POST", schema: Campaign });
}

/** Only what is compared with the ledger; the API's message has much more. */
const MessagePage = pageOf(
  z.object({
    id: z.uuid(),
    status: z.string(),
    wa_message_id: z.string().nullable(),
    party: z.object({ phone: z.string().nullable() }),
  }),
);

/** Every message of a campaign, page by page. */
export async function readCampaignMessages(api: ApiClient, campaignId: string): Promise<SentMessage[]> {
  const messages: SentMessage[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query = new URLSearchParams({ campaign: campaignId, limit: "200", ...(cursor === "" ? {} : { cursor }) });
    const page: z.infer<typeof MessagePage> = await api.call(`/v1/messages?${query.toString()}`, {
      schema: MessagePage,
    });
    for (const { id, status, wa_message_id, party } of page.data) {
      messages.push({ id, status, waMessageId: wa_message_id, phone: (party.phone ?? "").replace("+", "") });
    }
    cursor = page.next_cursor;
  }
  return messages;
}

function contentOf(source: RecipientSource): ReadableStream<Uint8Array> {
  const stream =
    source.kind === "file"
      ? createReadStream(source.path)
      : Readable.from(recipientLines(usualMix(source.lines, source.seed))).map((line: string) => Buffer.from(line));
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
}
