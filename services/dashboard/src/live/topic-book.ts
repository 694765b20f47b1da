import type { EventBatch, SubscribeResult } from "@flotilla/shared/contract/realtime";
import { type BatchDecision, type Cursor, decideBatch } from "@flotilla/shared/domain/event-cursor";

export interface LogPosition {
  sequence: number;
  log_id: string;
}

interface Entry {
  followers: number;
  /** Where we are in the topic; null until somebody knows where to start. Pairing topics have none. */
  cursor: Cursor | null;
}

/** What must be said to the server after a change in the book. */
export type TopicAction =
  | { kind: "subscribe"; topic: string; after: number | undefined; logId: string | undefined }
  | { kind: "unsubscribe"; topic: string }
  | { kind: "resume"; topic: string; after: number; logId: string }
  | { kind: "none" };

const none: TopicAction = { kind: "none" };

/**
 * Which topics are followed, from where, and how far each has come. Decides; the client does what it says.
 *
 * A topic starts at the log position of the first answer that needs it. An answer read earlier than the start makes the
 * topic go back to it: events that come again are known and dropped (`event-memory.ts`).
 */
export class TopicBook {
  readonly #entries = new Map<string, Entry>();
  /** How far back each topic has been followed without a hole. */
  readonly #coveredFrom = new Map<string, number>();

  follow(topic: string): TopicAction {
    const entry = this.#entries.get(topic);
    if (entry) {
      entry.followers++;
      return none;
    }
    this.#entries.set(topic, { followers: 1, cursor: null });
    return topic.startsWith("pairing:") ? { kind: "subscribe", topic, after: undefined, logId: undefined } : none;
  }

  release(topic: string): TopicAction {
    const entry = this.#entries.get(topic);
    if (!entry || --entry.followers > 0) return none;
    this.#entries.delete(topic);
    this.#coveredFrom.delete(topic);
    return entry.cursor || topic.startsWith("pairing:") ? { kind: "unsubscribe", topic } : none;
  }

  /** An answer was read at this position and wants every later event of the topic. */
  startFrom(topic: string, position: LogPosition): TopicAction {
    const entry = this.#entries.get(topic);
    if (!entry) return none;
    const { sequence, log_id: logId } = position;
    const { cursor } = entry;
    if (!cursor || cursor.logId !== logId) {
      entry.cursor = { logId, last: sequence };
      this.#coveredFrom.set(topic, sequence);
      return { kind: "subscribe", topic, after: sequence, logId };
    }
    if (sequence >= (this.#coveredFrom.get(topic) ?? 0)) return none;
    this.#coveredFrom.set(topic, sequence);
    cursor.last = sequence;
    return { kind: "resume", topic, after: sequence, logId };
  }

  /** What to subscribe to on a new connection. */
  all(): TopicAction[] {
    return [...this.#entries].flatMap(([topic, { cursor }]): TopicAction[] =>
      cursor || topic.startsWith("pairing:")
        ? [{ kind: "subscribe", topic, after: cursor?.last, logId: cursor?.logId }]
        : [],
    );
  }

  /** Decides about a batch and moves the cursor when it is applied. */
  take(batch: EventBatch): BatchDecision | "unknown" {
    const entry = this.#entries.get(batch.topic);
    if (!entry?.cursor) return "unknown";
    const decision = decideBatch(entry.cursor, batch);
    if (decision === "apply") entry.cursor.last = batch.to;
    return decision;
  }

  /** How to ask for the range that is missing. */
  resumption(topic: string): TopicAction {
    const cursor = this.#entries.get(topic)?.cursor;
    return cursor ? { kind: "resume", topic, after: cursor.last, logId: cursor.logId } : none;
  }

  /** Takes the answer to a subscription. `resync`: our position is of no use, everything must be read again. */
  takeResult(result: SubscribeResult): "joined" | "resync" | "refused" {
    if (!this.#entries.has(result.topic)) return "joined"; // released while the question was under way
    if ("resync_required" in result) return "resync";
    return result.ok ? "joined" : "refused";
  }

  /** Forgets all positions: the next answers say where to start. */
  forgetPositions(): void {
    for (const entry of this.#entries.values()) entry.cursor = null;
    this.#coveredFrom.clear();
  }
}
