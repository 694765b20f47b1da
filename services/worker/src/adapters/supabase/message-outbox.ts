import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { OutboundRow } from "../../ports.ts";
import type { LaneView, MessageOutbox, Sweep, SweepAnswer } from "../../store-ports.ts";
import { createGatherer } from "./gather.ts";

const OutboundRowSchema = z.object({
  id: z.uuid(),
  session_id: z.uuid(),
  lane: z.int(),
  seq: z.int(),
  chat_id: z.uuid(),
  jid: z.string(),
  type: z.string(),
  content: z.record(z.string(), z.unknown()),
  wa_message_id: z.string(),
  attempts: z.int(),
  deaths: z.int(),
  on_unknown: z.string(),
  status: z.string(),
  status_reason: z.string().nullable(),
  expires_at_ms: z.number().nullable(),
  not_before_ms: z.number().nullable(),
}) satisfies z.ZodType<OutboundRow>;
const Lane = z.object({
  session_id: z.uuid(),
  lane: z.int(),
  state: z.enum(["run", "paused", "canceled"]),
  weight: z.int(),
  next_seq: z.int(),
}) satisfies z.ZodType<LaneView>;
/** What a row must have for its session to say that it cannot be read. */
const AnyRow = z.looseObject({ id: z.uuid(), session_id: z.uuid(), lane: z.int() });
const Lanes = z.object({ rows: z.array(AnyRow), lanes: z.array(Lane) });
const Inflight = z.array(AnyRow);
const Sent = z.object({ type: z.string(), content: z.record(z.string(), z.unknown()) }).nullable();
const Sweeping = z.object({
  lanes: z.array(Lane.extend({ first_seq: z.int().nullable() })),
  sessions: z.array(z.uuid()),
  t: z.string(),
}) satisfies z.ZodType<SweepAnswer>;

type LaneRequest = Parameters<MessageOutbox["readLane"]>[0];

/** Reads of all pumps of a worker, gathered: an embedded stack serves some 500 small calls a second, not one a message. */
export function createMessageOutbox(client: ServiceClient): MessageOutbox {
  const readLane = createGatherer<LaneRequest, Awaited<ReturnType<MessageOutbox["readLane"]>>>(async (requests) => {
    const found = await callFunction(
      client,
      "read_lanes",
      { p_requests: requests },
      { timeoutMs: 10_000, schema: Lanes },
    );
    return requests.map(({ session_id, lane }) => ({
      ...parseEach(found.rows.filter((row) => row.session_id === session_id && row.lane === lane)),
      lane: found.lanes.find((view) => view.session_id === session_id && view.lane === lane) ?? null,
    }));
  }, 50);
  const readInflight = createGatherer<string, OutboundRow[]>(async (sessions) => {
    const rows = await callFunction(
      client,
      "read_inflight",
      { p_sessions: sessions },
      { timeoutMs: 10_000, schema: Inflight },
    );
    return sessions.map((session) => parseEach(rows.filter((row) => row.session_id === session)).rows);
  }, 100);
  return {
    readLane,
    readInflight,
    findSent: (sessionId, waMessageId) =>
      callFunction(
        client,
        "find_sent_content",
        { p_session: sessionId, p_wa_message_id: waMessageId },
        { timeoutMs: 5_000, schema: Sent },
      ),
  };
}

/** One row that makes no sense must not hide the others of a batch. */
function parseEach(found: z.infer<typeof AnyRow>[]): { rows: OutboundRow[]; unreadable: string[] } {
  const rows: OutboundRow[] = [];
  const unreadable: string[] = [];
  for (const row of found) {
    const parsed = OutboundRowSchema.safeParse(row);
    if (parsed.success) rows.push(parsed.data);
    else unreadable.push(row.id);
  }
  return { rows, unreadable };
}

/** The sweep of a whole worker in one call. */
export function createSweep(client: ServiceClient): Sweep {
  return (shards, since) =>
    callFunction(client, "sweep_lanes", { p: { shards, since } }, { timeoutMs: 10_000, schema: Sweeping });
}
