import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { Memberships } from "../ports.ts";

const Rows = z.array(z.object({ tenant_id: z.uuid(), role: z.string(), name: z.string(), operator: z.boolean() }));

/** Memberships as the database has them now. */
export function createMemberships(client: ServiceClient): Memberships {
  return {
    async of(memberId) {
      const rows = await callFunction(
        client,
        "member_tenants_of",
        { p_user: memberId },
        { schema: Rows, timeoutMs: 5_000 },
      );
      return rows.map(({ tenant_id, ...rest }) => ({ tenantId: tenant_id, ...rest }));
    },
  };
}
