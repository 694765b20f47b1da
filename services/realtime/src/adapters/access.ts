import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { Access } from "../ports.ts";

const Memberships = z.array(
  z.object({
    tenant_id: z.uuid(),
    role: z.enum(["owner", "admin", "developer", "campaigner", "inbox", "viewer"]),
  }),
);

/** Memberships and ownership as the database has them now. */
export function createAccess(client: ServiceClient): Access {
  return {
    async membershipsOf(memberId) {
      const schema = Memberships;
      const rows = await callFunction(client, "member_tenants_of", { p_user: memberId }, { schema, timeoutMs: 5_000 });
      return rows.map(({ tenant_id, role }) => ({ tenantId: tenant_id, role }));
    },
    owns: (tenantId, kind, id) =>
      callFunction(
        client,
        "owns",
        { p_tenant: tenantId, p_kind: kind, p_id: id },
        { schema: z.boolean(), timeoutMs: 5_000 },
      ),
  };
}
