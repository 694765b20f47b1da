import type { Envelope } from "@flotilla/shared/contract/events";
import type { EventBatch } from "@flotilla/shared/contract/realtime";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { isCongested } from "./back-pressure.ts";
import { eventsOfTopic } from "./fan-out.ts";
import type { EventLog } from "./ports.ts";
import { type ParsedTopic, topicRoom } from "./rooms.ts";
import type { RealtimeSocket } from "./socket-types.ts";

const batchLimit = 200;
const ackTimeoutMs = 30_000;

export interface CatchUp {
  socket: RealtimeSocket;
  topic: ParsedTopic;
  logId: string;
  /** The last sequence the client has. */
  after: number;
  signal: AbortSignal;
}

/**
 * Brings one client's cursor on one topic to the head and lets it join the room. What is left is compared with the head
 * and the room joined in one tick, so the client gets neither a gap nor an overlap. A client that is far behind or slow
 * gets batches of at most 200 events, the next one after it acknowledged the last; one that is silent for 30 s is sent
 * away. Never rejects.
 */
export async function catchUp(deps: { log: EventLog; logger: Logger }, task: CatchUp): Promise<void> {
  try {
    await feedUntilJoined(deps.log, task);
  } catch (error) {
    if (task.signal.aborted || !task.socket.connected) return;
    deps.logger.warn(
      { error, topic: task.topic.topic },
      "a dashboard could not be brought up to date and was sent away",
    );
    // Closing the transport, not the namespace: the client then comes back by itself and goes on from its cursor.
    task.socket.conn.close();
  }
}

async function feedUntilJoined(log: EventLog, { socket, topic, logId, after, signal }: CatchUp): Promise<void> {
  const { feed } = socket.data;
  const batchOf = (from: number, to: number, events: readonly Envelope[]): EventBatch => {
    return { topic: topic.topic, log_id: feed.logId, from, to, events: eventsOfTopic(events, topic.topic) };
  };
  const join = () => {
    feed.openTopic(topic.topic);
    void socket.join(topicRoom(socket.data.tenantId, topic));
  };
  let from = after;
  let position = after;
  while (!signal.aborted && socket.connected) {
    if (feed.logId !== logId) {
      socket.emit("events", batchOf(feed.head, feed.head, []));
      join();
      return;
    }
    const recent = feed.recentAfter(position);
    if (recent !== null && recent.length <= batchLimit && !isCongested(socket)) {
      if (from < feed.head) socket.emit("events", batchOf(from, feed.head, recent));
      join();
      return;
    }
    const page = recent?.slice(0, batchLimit) ?? (await readPage(log, feed.tenant, position));
    const events = page.filter((event) => event.sequence <= feed.head);
    if (events.length > 0 && events[0]!.sequence !== position + 1) {
      // Expired meanwhile. The gap makes the client ask again, and the answer to that is to load a snapshot.
      socket.emit("events", batchOf(events[0]!.sequence - 1, events[0]!.sequence - 1, []));
      socket.data.topics.delete(topic.topic);
      return;
    }
    position = events.at(-1)?.sequence ?? position;
    const batch = batchOf(from, position, events);
    // Ranges without anything to show are put together, unless the client must first take what it has.
    if (batch.events.length === 0 && position < feed.head && !isCongested(socket)) continue;
    await acknowledged(socket, batch);
    from = position;
  }
}

async function readPage(log: EventLog, tenant: string, after: number): Promise<Envelope[]> {
  return (await log.readEvents({ tenant, after, limit: batchLimit })).events;
}

async function acknowledged(socket: RealtimeSocket, batch: EventBatch): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // Types know the acknowledgement as optional, because live batches ask for none.
    const done = (error: Error | null) => (error === null ? resolve() : reject(error));
    socket.timeout(ackTimeoutMs).emit("events", batch, done as () => void);
  });
}
