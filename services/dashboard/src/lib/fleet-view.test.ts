import type { FleetShard, ShardMove, Worker } from "@flotilla/shared/contract/http-fleet";
import { expect, test } from "vitest";
import { drainConsequence, groupMoves, hasJustMoved, lookOf, moveWords, shardsWords } from "./fleet-view.ts";
import { leaseEndWords } from "./words.ts";

const shard = (sessions: Record<string, number>): FleetShard => ({
  shard: 1,
  worker_id: "a",
  lease_epoch: 1,
  since: "2026-11-24T08:00:00.000Z",
  sessions,
});

test.each([
  [{}, "empty"],
  [{ connected: 2, syncing: 1 }, "up"],
  [{ connected: 2, reconnecting: 1 }, "partly"],
  [{ awaiting_scan: 1 }, "partly"],
])("a shard with %j looks %s", (sessions, look) => {
  expect(lookOf(shard(sessions as Record<string, number>))).toBe(look);
});

const move = (number: number, second: number, more: Partial<ShardMove> = {}): ShardMove => ({
  shard: number,
  at: new Date(Date.UTC(2026, 10, 24, 8, 0, second)).toISOString(),
  from: "a",
  to: "b",
  reason: "drained",
  ...more,
});

test("shards that went the same way one after another are one move, also when others moved in between", () => {
  const groups = groupMoves([
    move(1, 30),
    move(9, 29, { to: "c" }),
    move(2, 27),
    move(3, 23),
    move(4, 10),
    move(5, 9, { reason: "expired" }),
  ]);
  expect(groups.map(({ to, reason, shards }) => [to, reason, shards])).toEqual([
    ["b", "drained", [1, 2, 3]],
    ["c", "drained", [9]],
    ["b", "drained", [4]],
    ["b", "expired", [5]],
  ]);
});

test("a move is said in words", () => {
  const words = (from: string | null, reason: ShardMove["reason"]) =>
    moveWords({ from, to: "b", reason }, leaseEndWords);
  expect(words(null, null)).toBe("taken for the first time");
  expect(words("worker-1", "expired")).toBe("from worker-1, which sent no heartbeat");
  expect(words("b", "expired")).toBe("taken back: it sent no heartbeat");
  expect(shardsWords({ shards: [7] })).toBe("Shard 7");
  expect(shardsWords({ shards: [12, 7] })).toBe("Shards 7, 12");
  expect(shardsWords({ shards: [1, 2, 3, 4, 5, 6, 7] })).toBe("7 shards");
});

test("a shard has just moved for ten seconds", () => {
  const since = Date.parse("2026-11-24T08:00:00.000Z");
  expect([hasJustMoved(shard({}), since + 9_999), hasJustMoved(shard({}), since + 10_000)]).toEqual([true, false]);
});

test("draining the last ready worker is said to stop everything", () => {
  const worker = (id: string, state: Worker["state"]): Worker => ({
    id,
    host: null,
    version: null,
    started_at: "",
    state,
    shards: 64,
    sessions: 1,
    capacity: 300,
    rss_bytes: null,
    loop_lag_ms: null,
    heartbeat_at: "",
  });
  const a = worker("a", "ready");
  expect(drainConsequence(a, [a, worker("b", "gone"), worker("c", "draining")])).toContain("stand still");
  expect(drainConsequence(a, [a, worker("b", "ready")])).toMatch(
    /^Its 64 shards with 1 session move to the other worker/,
  );
});
