import { createLogger } from "@flotilla/shared/runtime/logger";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { afterEach, expect, test } from "vitest";
import type { Lease, TickAnswer, TickRequest } from "../store-ports.ts";
import { createShardKeeper, type ShardKeeper } from "./shard-keeper.ts";

const keepers: ShardKeeper[] = [];
afterEach(async () => {
  await Promise.all(keepers.splice(0).map((keeper) => keeper.stop()));
});

/** A fleet's table of leases for one worker, whose answers a test decides. */
function openRig() {
  const owned = new Map<number, number>([
    [1, 1],
    [2, 1],
  ]);
  const ticks: TickRequest[] = [];
  const released: Lease[] = [];
  const lost: Lease[] = [];
  const handedOver: number[] = [];
  const deadlines: (number | null)[] = [];
  let away = false;
  let left = false;
  let revoke: number[] = [];
  let failures = 0;
  let finishHandOver: () => Promise<void> = async () => {};
  const keeper = createShardKeeper({
    store: {
      async tick(request) {
        ticks.push(request);
        if (away) throw new Error("no route");
        if (request.rejoin) for (const [shard, epoch] of owned) owned.set(shard, epoch + 1);
        const list = [...owned].map(([shard, epoch]) => ({ shard, epoch, clean: true, sessions: 1 }));
        return {
          t_ms: 1_000_000,
          draining: request.draining,
          owned: list,
          revoke,
          workers: 1,
          links_elsewhere: 0,
        } satisfies TickAnswer;
      },
      async release(lease) {
        if (failures-- > 0) throw new Error("a commit held it for too long");
        released.push(lease);
        return owned.delete(lease.shard);
      },
      async leave() {
        left = true;
      },
    },
    events: {
      claimed: () => {},
      counted: () => {},
      lost: (lease) => void lost.push(lease),
      async handOver({ shard }) {
        await finishHandOver();
        handedOver.push(shard);
      },
      loads: () => ({ 1: 1 }),
      opening: () => 0,
      links: () => 0,
    },
    watchdog: { expectFenceBy: (deadline) => void deadlines.push(deadline) },
    announce: () => {},
    leaseTtlMs: 500,
    leaseMarginMs: 150,
    heartbeatMs: 30,
    logger: createLogger({ service: "test", level: "silent" }),
    metrics: { ticked: () => {}, fenced: () => {} },
  });
  keepers.push(keeper);
  keeper.start();
  return {
    keeper,
    owned,
    ticks,
    released,
    lost,
    handedOver,
    deadlines,
    cut: () => (away = true),
    heal: () => (away = false),
    hasLeft: () => left,
    ask: (shards: number[]) => (revoke = shards),
    failRelease: (times: number) => (failures = times),
    slowHandOver: (wait: () => Promise<void>) => (finishHandOver = wait),
    holding: (count: number) =>
      waitFor(() => keeper.held().length === count, { describe: `${count} shards held`, intervalMs: 2 }),
  };
}

test("work goes on through failed heartbeats until the deadline, then every shard is dropped, and joined anew afterwards", async () => {
  const rig = openRig();
  await rig.holding(2);
  rig.cut();
  const cutAt = performance.now();
  await waitFor(() => rig.ticks.length > 5, { describe: "failed heartbeats", intervalMs: 2 });
  // On a machine so busy that this took longer, the deadline may be near.
  expect(rig.keeper.holds({ shard: 1, epoch: 1 }) || performance.now() - cutAt > 200).toBe(true);
  await rig.holding(0);
  // 350 ms after the last answer, and looked at each 100 ms.
  expect(performance.now() - cutAt).toBeGreaterThan(250);
  expect(rig.lost).toHaveLength(2);
  expect(rig.deadlines.at(-1)).toBeNull();
  rig.heal();
  await rig.holding(2);
  expect(rig.keeper.holds({ shard: 1, epoch: 1 })).toBe(false);
  expect(rig.keeper.holds({ shard: 1, epoch: 2 })).toBe(true);
});

test("a shard that a heartbeat no longer lists is dropped at once, the others stay", async () => {
  const rig = openRig();
  await rig.holding(2);
  rig.owned.delete(2);
  await rig.holding(1);
  expect(rig.lost).toEqual([{ shard: 2, epoch: 1 }]);
});

test("a fenced commit drops its shard, and the database is told when it still calls it ours", async () => {
  const rig = openRig();
  await rig.holding(2);
  rig.keeper.reportFenced({ shard: 1, epoch: 1 });
  expect(rig.keeper.holds({ shard: 1, epoch: 1 })).toBe(false);
  expect(rig.keeper.holds({ shard: 2, epoch: 1 })).toBe(true);
  await waitFor(() => rig.released.some(({ shard }) => shard === 1), { describe: "the release" });
});

test("shards asked for are handed over one at a time, each released only when its work has ended", async () => {
  const rig = openRig();
  let working = 0;
  let most = 0;
  rig.slowHandOver(async () => {
    most = Math.max(most, ++working);
    expect(rig.released.length).toBe(rig.handedOver.length);
    await new Promise((resolve) => setTimeout(resolve, 40));
    working--;
  });
  await rig.holding(2);
  rig.ask([1, 2]);
  await rig.holding(0);
  expect(most).toBe(1);
  await waitFor(() => rig.released.length === 2, { describe: "both released" });
});

test("a release that failed is tried again, or nobody could claim the shard as long as we live", async () => {
  const rig = openRig();
  await rig.holding(2);
  rig.failRelease(2);
  rig.ask([1]);
  await waitFor(() => rig.released.length === 1, { describe: "the release" });
  expect(rig.released).toMatchObject([{ shard: 1, epoch: 1 }]);
  expect(rig.keeper.held()).toEqual([{ shard: 2, epoch: 1 }]);
});

test("draining goes on beating while work ends, hands over what has sessions, and says goodbye last", async () => {
  const rig = openRig();
  await rig.holding(2);
  let finish = () => {};
  rig.slowHandOver(() => new Promise((resolve) => (finish = resolve)));
  const drained = rig.keeper.drain();
  const before = rig.ticks.length;
  await waitFor(() => rig.ticks.length > before + 3, { describe: "heartbeats while draining" });
  expect(rig.ticks.at(-1)!.draining).toBe(true);
  expect(rig.hasLeft()).toBe(false);
  expect(rig.keeper.holds({ shard: 1, epoch: 1 })).toBe(true);
  finish();
  await drained;
  expect(rig.handedOver).toEqual([1]);
  // The others are free with the goodbye: a release for each would be a hundred calls at the worst moment.
  expect(rig.released.map(({ shard }) => shard)).toEqual([1]);
  expect(rig.hasLeft()).toBe(true);
  expect(rig.keeper.held()).toEqual([]);
});
