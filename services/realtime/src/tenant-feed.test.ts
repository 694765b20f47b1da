import type { Envelope } from "@flotilla/shared/contract/events";
import type { EventBatch } from "@flotilla/shared/contract/realtime";
import { createLogger } from "@flotilla/shared/runtime/logger";
import { describe, expect, it } from "vitest";
import type { EventLog } from "./ports.ts";
import { TenantFeed } from "./tenant-feed.ts";

const logger = createLogger({ service: "test", level: "silent" });
const session = "0198c0de-7a00-7000-8000-0000000000aa";

/** A log in memory whose reads can be held back, as a slow database would. */
function openLog() {
  const state = { logId: "log-1", events: [] as Envelope[], expired: 0 };
  let gate: Promise<void> = Promise.resolve();
  const log: EventLog = {
    async readEvents({ after, limit }) {
      await gate;
      const kept = state.events.filter(({ sequence }) => sequence > state.expired);
      const events = kept.filter(({ sequence }) => sequence > after).slice(0, limit);
      return { log_id: state.logId, head: state.events.length, oldest: state.expired + 1, events };
    },
    readHeads: async () => new Map(),
  };
  const append = (count: number, of: string | null = null) => {
    for (let index = 0; index < count; index++)
      state.events.push({
        type: of === null ? "campaign.created" : "session.deleted",
        session: of === null ? null : { id: of, name: "s", phone: null },
        sequence: state.events.length + 1,
        subject: "x",
        data: {},
      } as Envelope);
  };
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return resolve;
  };
  return { state, log, append, hold };
}

function openFeed(log: EventLog, { somebody = (): boolean => true } = {}) {
  const batches: EventBatch[] = [];
  const observed: number[] = [];
  const deliver = (_: TenantFeed, batch: EventBatch) => {
    batches.push(batch);
    return somebody();
  };
  const observe = ({ sequence }: Envelope) => void observed.push(sequence);
  const feed = new TenantFeed({ tenant: "t", log, logger, deliver, observe }, { log_id: "log-1", head: 0 });
  return {
    feed,
    batches,
    observed,
    ranges: () => batches.map(({ topic, from, to, events }) => [topic, from, to, events.length]),
  };
}

describe("TenantFeed", () => {
  it("reads everything there is, in order, and leaves no range out of a filtered topic", async () => {
    const { log, append } = openLog();
    const { feed, ranges, observed } = openFeed(log);
    feed.openTopic("tenant");
    feed.openTopic(`session:${session}`);
    append(1_200);
    append(1, session);
    await feed.advance();
    expect(ranges()).toEqual([
      ["tenant", 0, 500, 500],
      ["tenant", 500, 1_000, 500],
      ["tenant", 1_000, 1_201, 201],
      [`session:${session}`, 0, 1_201, 1],
    ]);
    expect(observed).toEqual(Array.from({ length: 1_201 }, (_, index) => index + 1));
  });

  it("emits what was committed while it was reading, before the second caller's wait ends", async () => {
    const { log, append, hold } = openLog();
    const { feed } = openFeed(log);
    append(1);
    const release = hold();
    const first = feed.advance();
    append(1);
    const second = feed.advance();
    release();
    await Promise.all([first, second]);
    expect(feed.head).toBe(2);
  });

  it("tries again after a failed read", async () => {
    const { log, append } = openLog();
    let fails = true;
    const flaky: EventLog = {
      ...log,
      readEvents: (range) => (fails ? Promise.reject(new Error("away")) : log.readEvents(range)),
    };
    const { feed } = openFeed(flaky);
    append(3);
    await expect(feed.advance()).rejects.toThrow("away");
    fails = false;
    await feed.advance();
    expect(feed.head).toBe(3);
  });

  it("sends quiet topics an empty range up to the head, once", async () => {
    const { log, append } = openLog();
    const { feed, ranges } = openFeed(log);
    feed.openTopic(`session:${session}`);
    append(5);
    await feed.advance();
    feed.sendQuietRanges();
    feed.sendQuietRanges();
    expect(ranges()).toEqual([[`session:${session}`, 0, 5, 0]]);
  });

  it("forgets a topic whose room is empty", async () => {
    const { log, append } = openLog();
    const { feed, ranges } = openFeed(log, { somebody: () => false });
    feed.openTopic("tenant");
    append(1);
    await feed.advance();
    append(1);
    await feed.advance();
    expect(ranges()).toHaveLength(1);
  });

  it("holds the newest thousand events for those who come back", async () => {
    const { log, append } = openLog();
    const { feed } = openFeed(log);
    append(1_500);
    await feed.advance();
    expect(feed.recentAfter(499)).toBeNull();
    expect(feed.recentAfter(500)).toHaveLength(1_000);
    expect(feed.recentAfter(1_498)?.map(({ sequence }) => sequence)).toEqual([1_499, 1_500]);
    expect(feed.recentAfter(1_500)).toEqual([]);
  });

  it("makes every room start over when the log was replaced", async () => {
    const { state, log, append } = openLog();
    const { feed, batches } = openFeed(log);
    feed.openTopic("tenant");
    append(3);
    await feed.advance();
    state.logId = "log-2";
    state.events.length = 1;
    await feed.advance();
    expect(batches.at(-1)).toEqual({ topic: "tenant", log_id: "log-2", from: 1, to: 1, events: [] });
    expect(feed.recentAfter(0)).toBeNull();
  });

  it("shows a gap when events expired before it read them", async () => {
    const { state, log, append } = openLog();
    const { feed, ranges } = openFeed(log);
    feed.openTopic("tenant");
    append(10);
    state.expired = 4;
    await feed.advance();
    expect(ranges()).toEqual([["tenant", 4, 10, 6]]);
  });
});
