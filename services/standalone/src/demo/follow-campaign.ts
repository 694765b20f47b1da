import { type Envelope, parseEventData } from "@flotilla/shared/contract/events";
import { Campaign, type CampaignTotals } from "@flotilla/shared/contract/http-campaigns";
import {
  type ClientToServerEvents,
  type EventBatch,
  realtimeNamespace,
  type ServerToClientEvents,
} from "@flotilla/shared/contract/realtime";
import { type Cursor, decideBatch } from "@flotilla/shared/domain/event-cursor";
import { io, type Socket } from "socket.io-client";

import type { ApiClient } from "./api-client.ts";

/** Without news for this long the API is asked, so that a silent live channel cannot hang the demo. */
const SILENCE_MS = 15_000;

/** What is known of the campaign now; the object is replaced, never changed. */
export type CampaignView = { status: Campaign["status"]; totals: CampaignTotals };

export type CampaignFollower = AsyncDisposable & {
  view(): CampaignView;
  /** Events applied from the live channel, and looks at the API because it was silent. */
  counts(): { live: number; looks: number };
  /** Resolves with the first view that satisfies the condition, or with the last one when the time is up. */
  until(condition: (view: CampaignView) => boolean, timeoutMs: number, signal: AbortSignal): Promise<CampaignView>;
};

/**
 * Follows one campaign over Socket.io: subscribed before it starts, each event applied once, taken up again where it
 * broke off when a replica goes away.
 */
export async function followCampaign(options: {
  realtimeUrl: string;
  token: () => Promise<string>;
  api: ApiClient;
  campaign: Campaign;
  onChange: (view: CampaignView) => void;
}): Promise<CampaignFollower> {
  const { api, campaign } = options;
  const topic = `campaign:${campaign.id}`;
  let view: CampaignView = { status: campaign.status, totals: campaign.totals };
  let cursor: Cursor | null = null;
  let heardAt = performance.now();
  let [live, looks] = [0, 0];
  const waiters = new Set<() => void>();
  const change = (next: Partial<CampaignView>) => {
    view = { ...view, ...next };
    heardAt = performance.now();
    options.onChange(view);
    for (const wake of waiters) wake();
  };
  const look = async () => {
    looks += 1;
    const seen = await api.call(`/v1/campaigns/${campaign.id}`, { schema: Campaign });
    change({ status: seen.status, totals: seen.totals });
  };

  const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(`${options.realtimeUrl}${realtimeNamespace}`, {
    transports: ["websocket"],
    reconnectionDelayMax: 2_000,
    auth: (give) =>
      void options.token().then(
        (token) => give({ token }),
        () => give({}),
      ),
  });
  const subscribed = Promise.withResolvers<void>();
  const subscribe = async () => {
    const after = cursor ? { after: cursor.last, log_id: cursor.logId } : {};
    const answer = await socket.timeout(10_000).emitWithAck("subscribe", { topics: [{ topic, ...after }] });
    if ("problem" in answer) throw new Error(`the live channel refuses: ${answer.problem}`);
    const result = answer.results[0];
    if (!result) throw new Error("the live channel gave no answer for the campaign");
    if ("resync_required" in result) {
      cursor = null;
      await look();
      return await subscribe();
    }
    if (!result.ok) throw new Error(`the live channel refuses ${topic}: ${result.code}`);
    cursor ??= { logId: result.log_id, last: result.head };
    subscribed.resolve();
  };
  socket.on("hello", () => void subscribe().catch((error: unknown) => subscribed.reject(error)));
  socket.on("connect_error", (error) => {
    // A refusal (wrong token) ends the connection for good; anything else is tried again by the client itself.
    if (!socket.active) subscribed.reject(new Error(`the live channel refuses: ${error.message}`));
  });
  socket.on("events", (batch: EventBatch, ack) => {
    ack?.();
    if (batch.topic !== topic) return;
    const at: Cursor = cursor ?? { logId: batch.log_id, last: batch.from };
    const decision = decideBatch(at, batch);
    if (decision === "apply") {
      const fresh = batch.events.filter((event) => event.sequence > at.last);
      live += fresh.length;
      for (const event of fresh) change(changeOf(event));
      cursor = { logId: batch.log_id, last: batch.to };
    } else if (decision !== "drop") {
      cursor = decision === "resync" ? null : at;
      void subscribe().catch(() => undefined);
    }
  });
  const silence = setInterval(() => {
    if (performance.now() - heardAt > SILENCE_MS) void look().catch(() => undefined);
  }, 1_000);
  const close = async () => {
    clearInterval(silence);
    socket.disconnect();
  };
  try {
    await subscribed.promise;
  } catch (error) {
    await close();
    throw error;
  }
  return {
    view: () => view,
    counts: () => ({ live, looks }),
    async until(condition, timeoutMs, signal) {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      while (!condition(view) && !deadline.aborted) {
        const woken = Promise.withResolvers<void>();
        waiters.add(woken.resolve);
        deadline.addEventListener("abort", () => woken.resolve(), { once: true });
        await woken.promise;
        waiters.delete(woken.resolve);
      }
      return view;
    },
    [Symbol.asyncDispose]: close,
  };
}

function changeOf({ type, data }: Envelope): Partial<CampaignView> {
  if (type === "campaign.progressed") return { totals: parseEventData(type, data).totals };
  if (type === "campaign.completed") return { status: "completed", totals: parseEventData(type, data).totals };
  if (type === "campaign.status_changed") return { status: parseEventData(type, data).status };
  return {};
}
