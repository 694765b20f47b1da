import { z } from "zod";
import { faultSchema } from "../fault-schema.ts";
import { showRow } from "./views.ts";
import type { Network } from "../network.ts";
import { Problem } from "./problem.ts";
import { type Route, route } from "./route.ts";
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

const activeFault = z.looseObject({ id: z.string(), kind: z.string(), hits: z.int() }).meta({ id: "ActiveFault" });

/** The ledger, faults, counters, and the clean start. */
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
      }),
      response: z.object({ rows: z.array(ledgerRow), next: z.int().nullable() }),
      handle: ({ query }) => {
        const rows = network.ledger.page({ ...query, waMessageId: query.wa_message_id });
        return { rows: rows.map(showRow), next: rows.length === query.limit ? (rows.at(-1)?.sequence ?? null) : null };
      },
    }),
    route({
      method: "get",
      path: "/sim/v1/ledger/summary",
      summary: "Totals since the last reset, of one sender or of all",
      query: z.strictObject({ sender: phoneNumber.optional() }),
      response: ledgerSummary,
      handle: ({ query }) => network.ledger.summary(query.sender),
    }),
    route({
      method: "get",
      path: "/sim/v1/faults",
      summary: "Faults in force",
      response: z.object({ faults: z.array(activeFault) }),
      handle: () => ({ faults: network.faults.list() }),
    }),
    route({
      method: "post",
      path: "/sim/v1/faults",
      summary: "Break something on purpose",
      status: 201,
      body: faultSchema,
      response: activeFault,
      handle: ({ body }) => network.faults.add(body),
    }),
    route({
      method: "delete",
      path: "/sim/v1/faults",
      summary: "End all faults",
      handle: () => network.faults.clear(),
    }),
    route({
      method: "delete",
      path: "/sim/v1/faults/:id",
      summary: "End one fault",
      params: z.strictObject({ id: z.string() }),
      handle: ({ params }) => {
        if (!network.faults.remove(params.id)) throw new Problem(404, "not_found", `There is no fault ${params.id}.`);
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
        unknown_stanzas: network.unknown.list(),
        rss_bytes: process.memoryUsage.rss(),
      }),
    }),
    route({
      method: "get",
      path: "/sim/v1/root-key",
      summary: "The key that clients must trust instead of WhatsApp's own",
      response: z.object({ public_key: z.string().describe("32 bytes, base64.") }),
      handle: () => ({ public_key: network.identity.rootPublicKey.toString("base64") }),
    }),
    route({
      method: "post",
      path: "/sim/v1/reset",
      summary: "Empty the ledger, the chats, the faults and the counters; devices stay linked",
      handle: () => network.reset(),
    }),
  ];
}
