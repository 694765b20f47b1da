import { Placement } from "@flotilla/shared/contract/http-fleet";
import { Session } from "@flotilla/shared/contract/http-sessions";
import { AppError } from "@flotilla/shared/contract/problem";
import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { SessionStore } from "../ports.ts";
import { readPage } from "./read-page.ts";
import { unlessRefused } from "./refusals.ts";

const Changed = z.object({
  session: Session,
  shard: z.int(),
  heads: z.record(z.string(), z.int()).default({}),
  replayed: z.boolean().default(false),
});
const Found = z.object({ session: Session }).nullable();

/** Sessions as the API sees them: never their credentials. */
export function createSessionStore(client: ServiceClient): SessionStore {
  return {
    async create(tenant, row) {
      const answer = await callFunction(client, "create_session", { p_tenant: tenant, p: row });
      return Changed.parse(unlessRefused(answer, "session"));
    },
    async control(tenant, ref, request, requestId) {
      const args = { p_tenant: tenant, p_ref: ref, p_request: request, p_request_id: requestId };
      return Changed.parse(unlessRefused(await callFunction(client, "control_session", args), "session"));
    },
    async get(tenant, ref) {
      const args = { p_tenant: tenant, p_ref: ref };
      const found = await callFunction(client, "get_session", args, { schema: Found });
      if (found === null) throw new AppError("not_found", "There is no such session");
      return found.session;
    },
    async placement(tenant, ref) {
      const args = { p_tenant: tenant, p_ref: ref };
      const found = await callFunction(client, "session_placement", args, { schema: Placement.nullable() });
      if (found === null) throw new AppError("not_found", "There is no such session");
      return found;
    },
    list: (tenant, filters) => readPage(client, "list_sessions", { tenant, filters, item: Session }),
  };
}
