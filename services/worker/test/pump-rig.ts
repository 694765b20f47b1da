import { mintUuid } from "@flotilla/shared/contract/ids";
import { createLogger } from "@flotilla/shared/runtime/logger";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import type { PacingProfile } from "../src/domain/pacing.ts";
import type { Claim, OutboundRow } from "../src/ports.ts";
import type { LaneView, Mark } from "../src/store-ports.ts";
import { createCarefulMode } from "../src/sessions/careful-mode.ts";
import { createPump, type Pump } from "../src/sessions/pump.ts";
import { createSlots, type Slots } from "../src/sessions/slots.ts";

const logger = createLogger({ service: "test", level: "silent" });
export const session = mintUuid();
const pumps: Pump[] = [];

/** Stops the pumps of a test. */
export async function stopPumps(): Promise<void> {
  await Promise.all(pumps.splice(0).map((pump) => pump.stop()));
}

/** A lane table and a link in memory that behave as the real ones do: a claim moves a row, a mark moves it on. */
export function openRig(
  options: {
    profile?: PacingProfile;
    ackTimeoutMs?: number;
    answer?: (row: OutboundRow) => string | null | undefined;
    unclean?: boolean;
    alone?: Slots;
  } = {},
) {
  const {
    profile = { perMinute: 60_000, burst: 100 },
    ackTimeoutMs = 60,
    answer = () => null,
    unclean = false,
    alone = createSlots(1),
  } = options;
  const rows = new Map<string, OutboundRow & { status: string }>();
  const states = new Map<number, LaneView["state"]>();
  const sent: { row: OutboundRow; claim: Claim; atMs: number }[] = [];
  const marks: Mark[] = [];
  const onWire = new Map<string, number>();
  const recycled: string[] = [];
  const forgotten: string[] = [];
  const counted: string[] = [];
  const resolutions: string[] = [];
  const unreadable = new Set<string>();
  let widest = 0;
  let most = 0;
  let sendError: (row: OutboundRow) => Error | null = () => null;
  let inflight: () => OutboundRow[] = () => [];

  const view = (lane: number): LaneView => ({
    session_id: session,
    lane,
    state: states.get(lane) ?? "run",
    weight: lane === 0 ? 8 : 1,
    next_seq: Math.max(0, ...[...rows.values()].filter((row) => row.lane === lane).map(({ seq }) => seq)) + 1,
  });
  const pump = createPump({
    scope: { tenantId: "t", sessionId: session, lease: { shard: 1, epoch: 1 } },
    link: {
      forgetDevices: async (jid) => void forgotten.push(jid),
      async send(row, claim) {
        const error = sendError(row);
        if (error !== null) throw error;
        const stored = rows.get(row.id)!;
        stored.status = "sending";
        stored.attempts++;
        onWire.set(row.chat_id, (onWire.get(row.chat_id) ?? 0) + (claim.resend ? 0 : 1));
        widest = Math.max(widest, onWire.get(row.chat_id)!);
        most = Math.max(most, [...onWire.values()].filter((n) => n > 0).length);
        sent.push({ row, claim, atMs: performance.now() });
        const result = answer(row);
        if (result === undefined) return; // no ack
        setTimeout(() => {
          onWire.set(row.chat_id, 0);
          pump.acked(row.wa_message_id, result);
        }, 3);
      },
    },
    commit: async (_, { marks: changes = [], counts = [] }) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      for (const change of changes) {
        marks.push(change);
        const row = rows.get(change.id);
        if (row === undefined) continue;
        if (row.status === "queued" && change.status === "queued") row.attempts++;
        row.status = change.status;
        row.status_reason = change.reason ?? null;
        row.not_before_ms = change.notBeforeMs ?? null;
        row.deaths = 0;
      }
      for (const { id } of counts) {
        counted.push(id);
        rows.get(id)!.deaths++;
      }
    },
    outbox: {
      async readLane({ lane, after_seq, limit, skip_chats }) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        const found = [...rows.values()]
          .filter(
            (row) =>
              row.lane === lane && row.seq > after_seq && row.status === "queued" && !skip_chats.includes(row.chat_id),
          )
          .toSorted((a, b) => a.seq - b.seq);
        const page = found.slice(0, limit);
        return {
          // Copies, as a read gives them.
          rows: page.filter(({ id }) => !unreadable.has(id)).map((row) => ({ ...row })),
          unreadable: page.filter(({ id }) => unreadable.has(id)).map(({ id }) => id),
          lane: view(lane),
        };
      },
      readInflight: async () => inflight(),
    },
    careful: createCarefulMode({ unclean, alone }),
    slots: createSlots(32),
    profile,
    tatMs: 0,
    databaseNowMs: () => performance.now(),
    mayAct: () => true,
    recycle: (reason) => recycled.push(reason),
    ackTimeoutMs,
    random: () => 0,
    logger,
    metrics: { sent: () => {}, acked: () => {}, unknown: (resolution) => resolutions.push(resolution) },
  });
  pumps.push(pump);
  return {
    pump,
    rows,
    sent,
    marks,
    states,
    recycled,
    forgotten,
    counted,
    resolutions,
    unreadable,
    widest: () => widest,
    most: () => most,
    failSend: (error: (row: OutboundRow) => Error | null) => (sendError = error),
    setInflight: (list: OutboundRow[] | (() => OutboundRow[])) =>
      (inflight = typeof list === "function" ? list : () => list),
    add(count: number, lane: number, chat: (n: number) => string, more: Partial<OutboundRow> = {}) {
      const first = view(lane).next_seq;
      return Array.from({ length: count }, (_, n) => {
        const id = mintUuid();
        const row = {
          id,
          session_id: session,
          lane,
          seq: first + n,
          chat_id: chat(n),
          jid: `${chat(n)}@s.whatsapp.net`,
          type: "text",
          content: {},
          wa_message_id: `WA${id}`,
          attempts: 0,
          deaths: 0,
          on_unknown: "resend_same_id",
          status_reason: null,
          expires_at_ms: null,
          not_before_ms: null,
          status: "queued",
          ...more,
        };
        rows.set(id, row);
        return row;
      });
    },
    allAre: (status: string) =>
      waitFor(() => [...rows.values()].every((row) => row.status === status), { describe: `all to be ${status}` }),
  };
}
