import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { ListFilters, Page } from "../ports.ts";

/** Calls a `list_…` function. Filters that are undefined are left out. */
export function readPage<Item>(
  client: ServiceClient,
  name: string,
  { tenant, filters, item }: { tenant: string; filters: ListFilters; item: z.ZodType<Item> },
): Promise<Page<Item>> {
  const schema = z.object({
    data: z.array(item),
    last_key: z.unknown(),
    has_more: z.boolean(),
    sequence: z.int(),
    log_id: z.uuid(),
  });
  return callFunction(client, name, { p_tenant: tenant, p: filters }, { schema });
}
