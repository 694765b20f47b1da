import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { Vitals } from "../process-vitals.ts";
import type { LeaseStore, TickAnswer } from "../../store-ports.ts";

const Tick = z.object({
  t_ms: z.number(),
  draining: z.boolean(),
  owned: z.array(z.object({ shard: z.int(), epoch: z.int(), clean: z.boolean(), sessions: z.int() })),
  revoke: z.array(z.int()),
  workers: z.int(),
  links_elsewhere: z.int(),
}) satisfies z.ZodType<TickAnswer>;

export interface WorkerIdentity {
  /** New at each start of the process. */
  worker: string;
  host: string;
  version: string;
  opsPort: number;
  capacity: number;
  leaseTtlMs: number;
  settleMs: number;
  /** Looked at once for each heartbeat. */
  vitals: () => Vitals;
}

/** Most shards that may be asked to move in one answer. */
const maxMoves = 8;

/** Leases of shards. The client must be its own: a commit must never stand before a heartbeat. */
export function createLeaseStore(client: ServiceClient, identity: WorkerIdentity): LeaseStore {
  const { worker } = identity;
  return {
    tick: ({ draining, rejoin, accepting, links, loads, opening }, signal) => {
      const { rssBytes, loopLagMs } = identity.vitals();
      return callFunction(
        client,
        "worker_tick",
        {
          p: {
            worker,
            ttl_ms: identity.leaseTtlMs,
            capacity: identity.capacity,
            settle_ms: identity.settleMs,
            max_moves: maxMoves,
            host: identity.host,
            version: identity.version,
            ops_port: identity.opsPort,
            draining,
            rejoin,
            accepting,
            links,
            loads,
            opening,
            rss_bytes: rssBytes,
            loop_lag_ms: loopLagMs,
          },
        },
        { signal, schema: Tick },
      );
    },
    release: ({ shard, epoch }) =>
      callFunction(
        client,
        "release_shard",
        { p_worker: worker, p_shard: shard, p_epoch: epoch },
        { timeoutMs: 3_000, schema: z.boolean() },
      ),
    leave: () => callFunction(client, "leave_fleet", { p_worker: worker }, { timeoutMs: 3_000 }),
  };
}
