import { readEvents, readHeads } from "@flotilla/shared/runtime/event-log";
import type { ServiceClient } from "@flotilla/shared/runtime/supabase";
import type { EventLog } from "../ports.ts";

/** The log as it stands in Postgres. */
export function createEventLog(client: ServiceClient): EventLog {
  return {
    readEvents: (range) => readEvents(client, range, { timeoutMs: 5_000 }),
    readHeads: (tenants) => readHeads(client, tenants, { timeoutMs: 5_000 }),
  };
}
