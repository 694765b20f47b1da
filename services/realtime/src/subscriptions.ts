import type { SubscribeResult, Subscription } from "@flotilla/shared/contract/realtime";
import { bindIds, type Logger } from "@flotilla/shared/runtime/logger";
import type { z } from "zod";
import { catchUp } from "./catch-up.ts";
import type { Access, EventLog } from "./ports.ts";
import { mayJoin, type ParsedTopic, topicRoom, tryParseTopic } from "./rooms.ts";
import type { RealtimeSocket } from "./socket-types.ts";
import { decideStart } from "./start-position.ts";

export const topicsPerSocket = 50;
type Request = z.output<typeof Subscription>;
type Checked = { request: Request; topic: ParsedTopic; oldest: number } | { refusal: SubscribeResult };

export interface SubscriptionDeps {
  access: Access;
  log: EventLog;
  logger: Logger;
  /** Shows the latest code to somebody who has just begun to watch a pairing. */
  showPairing: (socket: RealtimeSocket, sessionId: string) => void;
}

export type Subscriptions = ReturnType<typeof createSubscriptions>;

/** Joining and leaving topics. Asking for a topic again starts it anew from the cursor given. */
export function createSubscriptions(deps: SubscriptionDeps) {
  /** Everything that takes time is asked here, so that deciding and joining can happen in one tick. */
  async function check(socket: RealtimeSocket, request: Request): Promise<Checked> {
    const refuse = (code: "unknown_topic" | "not_found" | "forbidden" | "too_many_topics"): Checked => {
      return { refusal: { topic: request.topic, ok: false, code } };
    };
    const topic = tryParseTopic(request.topic);
    if (topic === null) return refuse("unknown_topic");
    const verdict = await mayJoin(deps.access, socket.data, topic);
    if (verdict !== "allowed") return refuse(verdict);
    const oldest = topic.kind === "pairing" ? 0 : await oldestFor(socket, request);
    return { request, topic, oldest };
  }

  /** The oldest event kept, asked of the database only when the cursor is older than what memory holds. */
  async function oldestFor({ data: { feed } }: RealtimeSocket, { after, log_id }: Request): Promise<number> {
    if (after === undefined) return 0;
    // Another replica may be ahead of this one; after reading on, a cursor still ahead is not of this log.
    if (after > feed.head) await feed.advance();
    const ofThisLog = log_id === undefined || log_id === feed.logId;
    if (ofThisLog && feed.recentAfter(after) !== null) return 0;
    return (await deps.log.readEvents({ tenant: feed.tenant, after: 0, limit: 1 })).oldest;
  }

  /** Decides and joins; no `await` in here. */
  function start(socket: RealtimeSocket, checked: Checked): SubscribeResult {
    if ("refusal" in checked) return checked.refusal;
    const { request, topic, oldest } = checked;
    const { feed, topics, tenantId } = socket.data;
    if (!topics.has(topic.topic) && topics.size >= topicsPerSocket)
      return { topic: request.topic, ok: false, code: "too_many_topics" };
    stop(socket, topic);
    const decision =
      topic.kind === "pairing"
        ? ({ kind: "live" } as const)
        : decideStart(request, { logId: feed.logId, head: feed.head, oldest });
    if (decision.kind === "resync") return { topic: request.topic, resync_required: true, oldest, log_id: feed.logId };
    const controller = new AbortController();
    topics.set(topic.topic, controller);
    if (decision.kind === "replay") feedLater(socket, topic, decision.after);
    else {
      if (topic.kind === "pairing") deps.showPairing(socket, topic.id ?? "");
      else feed.openTopic(topic.topic);
      void socket.join(topicRoom(tenantId, topic));
    }
    return { topic: request.topic, ok: true, head: feed.head, log_id: feed.logId, replay: decision.kind === "replay" };
  }

  function stop(socket: RealtimeSocket, topic: ParsedTopic): void {
    socket.data.topics.get(topic.topic)?.abort();
    socket.data.topics.delete(topic.topic);
    void socket.leave(topicRoom(socket.data.tenantId, topic));
  }

  function feedLater(socket: RealtimeSocket, topic: ParsedTopic, after: number): void {
    const signal = socket.data.topics.get(topic.topic)?.signal;
    if (signal === undefined) return;
    const logger = bindIds(deps.logger, { socketId: socket.id, tenantId: socket.data.tenantId });
    const { logId } = socket.data.feed;
    setImmediate(() => void catchUp({ log: deps.log, logger }, { socket, topic, logId, after, signal }));
  }

  return {
    /** Joins what may be joined and answers for each topic. Rejects with AppError while the database is away. */
    async subscribe(
      socket: RealtimeSocket,
      requests: readonly Request[],
      answer: (results: SubscribeResult[]) => void,
    ): Promise<void> {
      const checked = await Promise.all(requests.map((request) => check(socket, request)));
      if (!socket.connected) return;
      // The answer leaves in this tick too, so it comes before the first batch.
      answer(checked.map((one) => start(socket, one)));
    },
    unsubscribe(socket: RealtimeSocket, names: readonly string[]): void {
      for (const name of names) {
        const topic = tryParseTopic(name);
        if (topic !== null) stop(socket, topic);
      }
    },
    /** Takes a slow client out of a room; it is fed from `after` at its own pace and joins again at the head. */
    demote(socket: RealtimeSocket, name: string, after: number): void {
      const topic = tryParseTopic(name);
      if (topic === null) return;
      void socket.leave(topicRoom(socket.data.tenantId, topic));
      feedLater(socket, topic, after);
    },
    /** Ends all catching up of a connection that is gone. */
    forget(socket: RealtimeSocket): void {
      for (const controller of socket.data.topics.values()) controller.abort();
      socket.data.topics.clear();
    },
  };
}
