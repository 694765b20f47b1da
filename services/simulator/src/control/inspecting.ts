import { z } from "zod";
import type { Companion } from "../accounts.ts";
import type { Network } from "../network.ts";
import { restoreSnapshot, snapshotSchema, takeSnapshot } from "../snapshot.ts";
import { Problem } from "./problem.ts";
import { type Route, route } from "./route.ts";
import { phoneNumber } from "./views.ts";

const oneOrAll = z.strictObject({ phone: phoneNumber.optional() });
const recorded = z.object({
  sequence: z.int(),
  at_ms: z.int(),
  direction: z.enum(["in", "out"]),
  stanza: z.looseObject({ tag: z.string(), attrs: z.record(z.string(), z.string()) }),
});
const queue = z.object({
  phone: z.string(),
  device: z.int(),
  connected: z.boolean(),
  size: z.int(),
  first: z.array(z.object({ tag: z.string(), id: z.string().nullable(), type: z.string().nullable() })),
});
const stock = z.object({
  phone: z.string(),
  device: z.int(),
  one_time_keys: z.int(),
  signed_pre_key_id: z.int(),
});
const FIRST = 20;

/** What goes over links, what waits, which keys are left; and the state of everything to take away and bring back. */
export function inspectingRoutes(network: Network): Route[] {
  const companions = function* (phone: string | undefined): Generator<Companion> {
    const one = phone === undefined ? undefined : network.accounts.tryGet(phone);
    const accounts = phone === undefined ? network.accounts.all() : one ? [one] : [];
    for (const account of accounts) yield* account.companions.values();
  };
  return [
    route({
      method: "get",
      path: "/sim/v1/links/:id/recording",
      summary: "The newest stanzas of a connection, also of one that ended lately: shapes, never contents",
      params: z.strictObject({ id: z.string() }),
      query: z.strictObject({
        after: z.coerce.number().int().min(0).default(0),
        limit: z.coerce.number().int().min(1).max(1000).default(200),
      }),
      response: z.object({ stanzas: z.array(recorded) }),
      handle: ({ params, query }) => {
        const recording = network.links.get(params.id)?.recording ?? network.recordings.get(params.id);
        if (!recording) throw new Problem(404, "not_found", `There is no recording of a connection ${params.id}.`);
        return { stanzas: recording.list(query.after, query.limit) };
      },
    }),
    route({
      method: "get",
      path: "/sim/v1/queues",
      summary: "Stanzas that linked devices have not confirmed, and messages for phones that are away",
      query: oneOrAll,
      response: z.object({
        devices: z.array(queue),
        away: z.array(z.object({ phone: z.string(), messages: z.int() })),
      }),
      handle: ({ query }) => ({
        devices: [...companions(query.phone)].map((companion) => ({
          ...companion.address,
          connected: companion.link !== undefined,
          size: companion.queue.size,
          first: companion.queue.first(FIRST).map(({ tag, attrs }) => ({
            tag,
            id: attrs["id"] ?? null,
            type: attrs["type"] ?? null,
          })),
        })),
        away: network.waiting
          .phones()
          .filter((phone) => query.phone === undefined || phone === query.phone)
          .map((phone) => ({ phone, messages: network.waiting.count(phone) })),
      }),
    }),
    route({
      method: "get",
      path: "/sim/v1/prekeys",
      summary: "One-time keys that linked devices have left at the server",
      query: oneOrAll,
      response: z.object({ devices: z.array(stock) }),
      handle: ({ query }) => ({
        devices: [...companions(query.phone)].map(({ address, keys }) => ({
          ...address,
          one_time_keys: keys.oneTimeKeys.length,
          signed_pre_key_id: keys.signedPreKey.id,
        })),
      }),
    }),
    route({
      method: "post",
      path: "/sim/v1/snapshot",
      summary: "All accounts as they are now, to be given to restore later",
      response: snapshotSchema,
      handle: () => takeSnapshot(network),
    }),
    route({
      method: "post",
      path: "/sim/v1/restore",
      summary: "Set the accounts back to a snapshot; connections end, ledger, chats, faults and counters start empty",
      body: snapshotSchema,
      bodyLimit: "256mb",
      handle: ({ body }) => restoreSnapshot(network, body),
    }),
  ];
}
