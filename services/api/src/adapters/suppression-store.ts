import {
  type AddedSuppression,
  OptOutConfirmation,
  Suppressed,
  Suppression,
} from "@flotilla/shared/contract/http-suppressions";
import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { SuppressionStore } from "../ports.ts";
import { readPage } from "./read-page.ts";
import { unlessRefused } from "./refusals.ts";

const heads = z.record(z.string(), z.int());
const Added = z.object({ suppression: Suppression, added: z.int(), canceled: z.int(), heads });
const Removed = z.object({ heads });
const Checked = z.record(z.string(), Suppressed);

/** Suppressions, and how a stop is answered. */
export function createSuppressionStore(client: ServiceClient): SuppressionStore {
  return {
    list: (tenant, filters) => readPage(client, "list_suppressions", { tenant, filters, item: Suppression }),
    async add(tenant, row) {
      const args = { p_tenant: tenant, p: { ...row, reason: "member" } };
      const { suppression, canceled, ...done } = await callFunction(client, "add_suppression", args, { schema: Added });
      const shown: AddedSuppression = { ...suppression, canceled };
      return { suppression: shown, added: done.added > 0, heads: done.heads };
    },
    async remove(tenant, id, { note, by, requestId }) {
      const args = { p_tenant: tenant, p_id: id, p_note: note, p_by: by, p_request_id: requestId };
      return Removed.parse(unlessRefused(await callFunction(client, "remove_suppression", args), "suppression"));
    },
    async check(tenant, jids) {
      const args = { p_tenant: tenant, p_jids: jids };
      return new Map(Object.entries(await callFunction(client, "check_suppressions", args, { schema: Checked })));
    },
    confirmation: (tenant) =>
      callFunction(client, "opt_out_confirmation", { p_tenant: tenant }, { schema: OptOutConfirmation }),
    setConfirmation(tenant, { enabled, text }) {
      const args = { p_tenant: tenant, p_enabled: enabled, p_text: text };
      return callFunction(client, "set_opt_out_confirmation", args, { schema: OptOutConfirmation });
    },
  };
}
