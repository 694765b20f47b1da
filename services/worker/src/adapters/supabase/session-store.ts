import { SessionDesired, SessionStatus } from "@flotilla/shared/contract/statuses";
import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { SessionRow, SessionStore, UnreadableSession } from "../../store-ports.ts";
import { createGatherer } from "./gather.ts";

const Row = z.object({
  id: z.uuid(),
  tenant_id: z.uuid(),
  name: z.string(),
  shard: z.int(),
  network: z.enum(["whatsapp", "simulated"]),
  desired: SessionDesired,
  generation: z.int(),
  unlink: z.boolean(),
  status: SessionStatus,
  status_reason: z.string().nullable(),
  deadline_in_ms: z.number().nullable(),
  paired: z.boolean(),
  pairing_attempt: z.int(),
  auth_state: z.string().nullable(),
  pace_tat_ms: z.number().nullable(),
}) satisfies z.ZodType<SessionRow>;
/** What a row must have for somebody to say that it cannot be read. */
const AnyRow = z.looseObject({ id: z.uuid(), tenant_id: z.uuid(), shard: z.int() });
const Rows = z.array(AnyRow);

/** Session rows with their sealed credentials. Throws AppError `unavailable` while the database is away. */
export function createSessionStore(client: ServiceClient): SessionStore {
  const read = (shards: number[], sessions: string[] | null) =>
    callFunction(
      client,
      "load_sessions",
      { p_shards: shards, p_sessions: sessions },
      { timeoutMs: 5_000, schema: Rows },
    );
  const loadOne = createGatherer<{ shard: number; sessionId: string }, SessionRow | null>(async (requests) => {
    const { rows } = parseEach(
      await read(
        [...new Set(requests.map(({ shard }) => shard))],
        requests.map(({ sessionId }) => sessionId),
      ),
    );
    return requests.map(
      ({ shard, sessionId }) => rows.find((row) => row.id === sessionId && row.shard === shard) ?? null,
    );
  }, 200);
  return {
    loadShards: async (shards) => parseEach(await read(shards, null)),
    load: (shard, sessionId) => loadOne({ shard, sessionId }),
  };
}

/** One row that makes no sense must not keep the others of its shard from running. */
function parseEach(found: z.infer<typeof Rows>): Awaited<ReturnType<SessionStore["loadShards"]>> {
  const rows: SessionRow[] = [];
  const unreadable: UnreadableSession[] = [];
  for (const row of found) {
    const parsed = Row.safeParse(row);
    if (parsed.success) rows.push(parsed.data);
    else
      unreadable.push({
        id: row.id,
        tenant_id: row.tenant_id,
        shard: row.shard,
        detail: z.prettifyError(parsed.error),
      });
  }
  return { rows, unreadable };
}
