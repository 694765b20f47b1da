import { z } from "zod";
import { Timestamp } from "./http-common.ts";
import { LeaseEnd } from "./http-timeline.ts";

/** `joining` has just come and holds nothing yet; `draining` takes nothing and hands over; `gone` left or sends no heartbeat. */
export const WorkerState = z.enum(["joining", "ready", "draining", "gone"]);
export type WorkerState = z.infer<typeof WorkerState>;

/** One process that runs sessions. The last five figures are as of `heartbeat_at`. */
export const Worker = z
  .object({
    id: z.string(),
    host: z.string().nullable(),
    version: z.string().nullable(),
    started_at: Timestamp,
    state: WorkerState,
    shards: z.int().describe("Shards whose lease it holds"),
    sessions: z.int().describe("Sessions in them that are asked to run"),
    capacity: z.int().describe("Sessions it is meant for: its weight when work is shared out"),
    rss_bytes: z.int().nullable(),
    loop_lag_ms: z.number().nullable().describe("99th percentile of the event loop's delay since the heartbeat before"),
    heartbeat_at: Timestamp,
  })
  .meta({ id: "Worker" });
export type Worker = z.infer<typeof Worker>;

/** The living, oldest first, then those gone within the hour, latest first (50 at most). One page holds a whole fleet. */
export const WorkerPage = z
  .object({ data: z.array(Worker), next_cursor: z.string().nullable(), has_more: z.boolean() })
  .meta({ id: "WorkerPage" });
export type WorkerPage = z.infer<typeof WorkerPage>;

/** `GET /v1/sessions/{id}/placement`: `worker_id` is null while the shard waits for an owner. Previous holders latest first, for 30 days. */
export const Placement = z
  .object({
    worker_id: z.string().nullable(),
    shard: z.int(),
    lease_epoch: z.int(),
    since: Timestamp.nullable(),
    previous: z.array(z.object({ worker_id: z.string(), left_at: Timestamp, reason: LeaseEnd })).max(10),
  })
  .meta({ id: "Placement" });
export type Placement = z.infer<typeof Placement>;

export const FleetShard = z.object({
  shard: z.int(),
  worker_id: z.string().nullable(),
  lease_epoch: z.int(),
  since: Timestamp.nullable().describe("Since when it is held, or free"),
  sessions: z.record(z.string(), z.int()).describe("Sessions asked to run, by status"),
});
export type FleetShard = z.infer<typeof FleetShard>;

/** One claim of a shard. `from` and `reason` are null for the first. */
export const ShardMove = z.object({
  shard: z.int(),
  at: Timestamp,
  from: z.string().nullable(),
  to: z.string(),
  reason: LeaseEnd.nullable(),
});
export type ShardMove = z.infer<typeof ShardMove>;

/** `GET /v1/ops/shards`: every shard with its holder, and the last 100 moves, latest first. Counts only. */
export const FleetMap = z.object({ shards: z.array(FleetShard), moves: z.array(ShardMove) }).meta({ id: "FleetMap" });
export type FleetMap = z.infer<typeof FleetMap>;
