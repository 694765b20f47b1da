import { Message } from "@flotilla/shared/contract/http-messages";
import { LeaseEnd } from "@flotilla/shared/contract/http-timeline";
import { AppError } from "@flotilla/shared/contract/problem";
import { MessageStatus } from "@flotilla/shared/contract/statuses";
import type { MessageHistory } from "@flotilla/shared/domain/timeline";
import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { MessageStore } from "../ports.ts";
import { readPage } from "./read-page.ts";
import { unlessRefused } from "./refusals.ts";

const heads = z.record(z.string(), z.int()).default({});
const RowResult = z.discriminatedUnion("outcome", [
  z.object({
    index: z.int(),
    outcome: z.enum(["accepted", "duplicate"]),
    id: z.uuid(),
    status: MessageStatus,
  }),
  z.object({
    index: z.int(),
    outcome: z.literal("rejected"),
    code: z.enum([
      "unknown_session",
      "session_not_connected",
      "opted_out",
      "backlog_full",
      "client_ref_conflict",
      "not_stored",
    ]),
  }),
]);
const Wake = z.object({ session_id: z.uuid(), shard: z.int(), lane: z.int() });
const Accepted = z.object({
  batch_id: z.uuid().nullable(),
  results: z.array(RowResult),
  messages: z.record(z.string(), Message),
  wakes: z.array(Wake),
  heads,
  replayed: z.boolean().default(false),
});
const History = z.object({
  message: Message,
  steps: z.array(
    z.object({
      at: z.string(),
      status: MessageStatus,
      previous: MessageStatus.nullable(),
      reason: z.string().nullable(),
      lease_epoch: z.int().nullable(),
      attempt: z.int(),
      release_at: z.string().nullable(),
    }),
  ),
  leases: z.array(
    z.object({
      lease_epoch: z.int(),
      worker_id: z.string(),
      since: z.string(),
      left_at: z.string().nullable(),
      reason: LeaseEnd.nullable(),
    }),
  ),
}) satisfies z.ZodType<MessageHistory>;
const Canceled = z.object({ message: Message, heads });
const Resolved = z.object({ message: Message, wake: Wake, heads });

/** Outbound rows in, messages of both directions out. */
export function createMessageStore(client: ServiceClient): MessageStore {
  return {
    async accept(tenant, request) {
      const answer = await callFunction(client, "accept_messages", { p_tenant: tenant, p: request });
      return Accepted.parse(unlessRefused(answer, "message"));
    },
    async cancel(tenant, id, requestId) {
      const args = { p_tenant: tenant, p_message: id, p_request_id: requestId };
      return Canceled.parse(unlessRefused(await callFunction(client, "cancel_message", args), "message"));
    },
    async resolve(tenant, id, as, requestId) {
      const args = { p_tenant: tenant, p_message: id, p_as: as, p_request_id: requestId };
      return Resolved.parse(unlessRefused(await callFunction(client, "resolve_message", args), "message"));
    },
    async get(tenant, id) {
      const args = { p_tenant: tenant, p_message: id };
      const found = await callFunction(client, "get_message", args, { schema: Message.nullable() });
      if (found === null) throw new AppError("not_found", "There is no such message");
      return found;
    },
    async history(tenant, id) {
      const args = { p_tenant: tenant, p_message: id };
      const found = await callFunction(client, "message_history", args, { schema: History.nullable() });
      if (found === null) throw new AppError("not_found", "There is no such message");
      return found;
    },
    list: (tenant, filters) => readPage(client, "list_messages", { tenant, filters, item: Message }),
  };
}
