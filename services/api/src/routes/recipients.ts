import { LineErrorQuery, PartResult, RecipientsQuery } from "@flotilla/shared/contract/http-campaigns";
import { z } from "zod";
import { defineRoute, type Route } from "../http/route.ts";
import type { CampaignStore, RecipientStore } from "../ports.ts";
import { csvCandidates } from "../recipients/csv-candidates.ts";
import { ndjsonCandidates } from "../recipients/ndjson-candidates.ts";
import { readLines } from "../recipients/read-lines.ts";
import { openUploadBody } from "../recipients/upload-body.ts";
import { uploadRecipients } from "../use-cases/upload-recipients.ts";

const csvTypes = ["text/csv", "application/csv"];
const ndjsonTypes = ["application/x-ndjson", "application/ndjson", "application/jsonl"];
const errorsAtOnce = 1_000;

/** The lists of a campaign: parts in, refused lines out; both as streams. */
export function recipientRoutes(deps: { campaigns: CampaignStore; recipients: RecipientStore }): Route[] {
  return [
    defineRoute({
      method: "post",
      path: "/v1/campaigns/:campaign/recipients",
      summary: "Upload a part of the recipients as CSV (header with `to`) or NDJSON; gzip is taken",
      scope: "campaigns:write",
      rate: "parts",
      query: RecipientsQuery,
      streams: [...csvTypes, ...ndjsonTypes],
      answers: { 200: { description: "What became of the part", schema: PartResult } },
      async handle({ tenant, params, query, request }) {
        const upload = openUploadBody(request);
        const isNdjson = ndjsonTypes.some((type) => request.is(type) !== false);
        const delimiter = query.delimiter === "tab" ? "\t" : query.delimiter;
        const lines = () => readLines(upload.bytes);
        try {
          const body = await uploadRecipients(deps, {
            tenant: tenant.id,
            campaign: params["campaign"]!,
            part: query.part ?? null,
            source: {
              candidates: ({ text }) =>
                isNdjson ? ndjsonCandidates(lines()) : csvCandidates(lines(), { text, delimiter }),
              async drain() {
                for await (const piece of upload.bytes) if (piece.length === 0) continue;
              },
              digest: upload.digest,
            },
          });
          return { status: 200, body };
        } finally {
          // Whatever is still coming is thrown away, so that the caller gets to read the answer.
          request.resume();
        }
      },
    }),
    defineRoute({
      method: "get",
      path: "/v1/campaigns/:campaign/errors",
      summary: "The lines that were refused, as NDJSON of CampaignLineError",
      scope: "campaigns:read",
      rate: "reads",
      query: LineErrorQuery,
      answers: {
        200: {
          description: "One JSON object a line, in the order of the file",
          content: { "application/x-ndjson": z.string() },
        },
      },
      async handle({ tenant, params, query, response, signal }) {
        const campaign = params["campaign"]!;
        await deps.campaigns.get(tenant.id, campaign);
        const read = (after: { part: number; line: number }) =>
          deps.campaigns.listErrors(tenant.id, campaign, {
            part: query.part ?? null,
            afterPart: after.part,
            afterLine: after.line,
            limit: errorsAtOnce,
          });
        let page = await read({ part: 0, line: 0 });
        response.set("Cache-Control", "no-store").type("application/x-ndjson");
        for (let last = page.at(-1); last !== undefined && !signal.aborted; last = page.at(-1)) {
          const room = response.write(page.map((error) => `${JSON.stringify(error)}\n`).join(""));
          if (!room) await drained(response, signal);
          page = page.length < errorsAtOnce ? [] : await read(last);
        }
        response.end();
        return "answered";
      },
    }),
  ];
}

/** Resolves when there is room again, or nobody reads any more. */
async function drained(response: NodeJS.EventEmitter, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once("drain", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
