import { z } from "zod";
import { showRow } from "./views.ts";
import type { Network } from "../network.ts";
import { followLedger, followSummary } from "./follow.ts";
import { answered, type Route, route } from "./route.ts";
import { phoneNumber } from "./views.ts";

const ledgerRow = z
  .object({
    sequence: z.int(),
    phone: z.string(),
    sender: z.string(),
    wa_message_id: z.string(),
    arrival: z.int(),
    first_at: z.string(),
    last_at: z.string(),
    wire_copies: z.int(),
    visible_copies: z.int(),
    failed_decryptions: z.int(),
    undecryptable_copies: z.int(),
    kind: z.string().nullable(),
    text_sha256: z.string().nullable(),
  })
  .meta({ id: "LedgerRow" });

const ledgerSummary = z
  .object({
    phones: z.int(),
    messages: z.int(),
    wire_copies: z.int(),
    visible_copies: z.int(),
    duplicates_wire: z.int(),
    duplicates_visible: z.int(),
    undecrypted: z.int(),
    repeated_texts: z.int(),
  })
  .meta({ id: "LedgerSummary" });

const follow = z
  .enum(["true", "false"])
  .default("false")
  .describe("true: an NDJSON stream without an end, a line for each change.");

/** The ledger, counters, and the clean start. */
export function observingRoutes(network: Network): Route[] {
  return [
    route({
      method: "get",
      path: "/sim/v1/ledger",
      summary: "What phones really received, in order of arrival",
      query: z.strictObject({
        phone: phoneNumber.optional(),
        sender: phoneNumber.optional(),
        wa_message_id: z.string().optional(),
        after: z.coerce.number().int().min(0).default(0),
        limit: z.coerce.number().int().min(1).max(10_000).default(1000),
        follow,
      }),
      response: z.object({ rows: z.array(ledgerRow), next: z.int().nullable() }),
      produces: ["application/json", "application/x-ndjson"],
      handle: ({ query }, response) => {
        const { phone, sender, wa_message_id: waMessageId, after, limit } = query;
        if (query.follow === "true") {
          followLedger(network, response, { phone, sender, waMessageId }, after);
          return answered;
        }
        const rows = network.ledger.page({ phone, sender, waMessageId, after, limit });
        return { rows: rows.map(showRow), next: rows.length === query.limit ? (rows.at(-1)?.sequence ?? null) : null };
      },
    }),
    route({
      method: "get",
      path: "/sim/v1/ledger/summary",
      summary: "Totals since the last reset, of one sender or of all",
      query: z.strictObject({ sender: phoneNumber.optional(), follow }),
      response: ledgerSummary,
      produces: ["application/json", "application/x-ndjson"],
      handle: ({ query }, response) => {
        if (query.follow !== "true") return network.ledger.summary(query.sender);
        followSummary(network, response, query.sender);
        return answered;
      },
    }),
    route({
      method: "get",
      path: "/sim/v1/stats",
      summary: "Counters, and what clients asked for in vain",
      handle: () => ({
        ...network.stats,
        accounts: network.accounts.size,
        links: network.links.size,
        ledger_rows: network.ledger.size,
        unknown_stanzas: network.unknown.list(),
        rss_bytes: process.memoryUsage.rss(),
        cpu_ms: Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1000),
      }),
    }),
    route({
      method: "post",
      path: "/sim/v1/reset",
      summary: "Empty the ledger, the chats, rules, faults, limits, scenarios and counters; devices stay linked",
      handle: () => network.reset(),
    }),
  ];
}
