import { describe, expect, test } from "vitest";
import { randomPlacement, seeded } from "../../test/random-placement.ts";
import { type Placement, planShards, shardCost } from "./shard-assignment.ts";

/** Applies a plan: claims are taken, and moved shards are free until the next round. */
function apply(placement: Placement): Placement {
  const { claims, moves } = planShards(placement);
  const gone = new Map(moves.map(({ shard }) => [shard, true]));
  const taken = placement.free.flatMap(({ shard, weight }) => {
    const claim = claims.find((each) => each.shard === shard);
    return claim === undefined ? [] : [{ shard, worker: claim.worker, weight, pairing: false }];
  });
  const owned = [...placement.owned.filter(({ shard }) => !gone.has(shard)), ...taken];
  const free = placement.owned
    .filter(({ shard }) => gone.has(shard))
    .map(({ shard, weight }) => ({ shard, weight, prefer: null }))
    .toSorted((a, b) => b.weight - a.weight || a.shard - b.shard);
  const workers = placement.workers.map((worker) => ({
    ...worker,
    load: owned.filter((each) => each.worker === worker.id).reduce((sum, { weight }) => sum + shardCost(weight), 0),
  }));
  return { ...placement, workers, free, owned };
}

describe("on hundreds of random fleets", () => {
  const seeds = Array.from({ length: 300 }, (_, seed) => seed);

  test("no shard stays free for more than a round, moves keep to their limit, and they end", () => {
    for (const seed of seeds) {
      let placement = randomPlacement(seeded(seed));
      const shards = placement.free.length + placement.owned.length;
      let rounds = 0;
      for (; rounds < 200; rounds++) {
        const { claims, moves } = planShards(placement);
        expect(claims.map(({ shard }) => shard)).toEqual(placement.free.map(({ shard }) => shard));
        expect(moves.length).toBeLessThanOrEqual(placement.max_moves);
        expect(new Set(moves.map(({ shard }) => shard)).size).toBe(moves.length);
        placement = apply(placement);
        expect(placement.free.length + placement.owned.length, `seed ${seed}`).toBe(shards);
        if (moves.length === 0 && placement.free.length === 0) break;
      }
      expect(rounds, `seed ${seed} goes on moving`).toBeLessThan(200);
    }
  });

  test("what has been filled moves no more than a twentieth for drift, or one shard", () => {
    for (const seed of seeds) {
      const placement = randomPlacement(seeded(seed), {
        filled: true,
        may_drift: true,
        drift_budget: 5,
        drifted: false,
      });
      const weights = planShards(placement).moves.map(
        ({ shard }) => placement.owned.find((each) => each.shard === shard)!.weight,
      );
      const sum = weights.reduce((total, weight) => total + weight, 0);
      expect(weights.length <= 1 || sum <= 5, `seed ${seed}: ${weights.join()}`).toBe(true);
      expect(planShards({ ...placement, may_drift: false }).moves).toEqual([]);
    }
  });
});

test("a worker that joins gets its share in few moves, and nothing goes back", () => {
  const owned = Array.from({ length: 128 }, (_, shard) => ({
    shard,
    worker: `w${shard % 4}`,
    weight: 4 + (shard % 5),
    pairing: shard % 16 === 0,
  }));
  const workers = ["w0", "w1", "w2", "w3", "w4"].map((id) => ({
    id,
    capacity: 300,
    filled: id !== "w4",
    load: owned.filter(({ worker }) => worker === id).reduce((sum, { weight }) => sum + shardCost(weight), 0),
  }));
  let placement: Placement = {
    workers,
    owned,
    free: [],
    max_moves: 8,
    may_drift: false,
    drift_budget: 1,
    drifted: false,
  };
  const moves = [];
  for (let round = 0; round < 20; round++) {
    moves.push(...planShards(placement).moves);
    placement = apply(placement);
  }
  const total = owned.reduce((sum, { weight }) => sum + weight, 0);
  const movedSessions = moves.reduce((sum, { shard }) => sum + owned[shard]!.weight, 0);
  expect(moves.every(({ to }) => to === "w4")).toBe(true);
  expect(movedSessions).toBeLessThan((total / 5) * 1.1);
  expect(movedSessions).toBeGreaterThan((total / 5) * 0.7);
  expect(moves.some(({ shard }) => owned[shard]!.pairing)).toBe(false);
});

test("a preferred worker gets a free shard whatever it holds, unless it is gone", () => {
  const workers = [
    { id: "a", capacity: 300, load: 90_000, filled: true },
    { id: "b", capacity: 300, load: 0, filled: true },
  ];
  const free = [
    { shard: 1, weight: 5, prefer: "a" },
    { shard: 2, weight: 5, prefer: "nobody" },
  ];
  const plan = planShards({
    workers,
    free,
    owned: [],
    max_moves: 0,
    may_drift: false,
    drift_budget: 1,
    drifted: false,
  });
  expect(plan.claims).toEqual([
    { shard: 1, worker: "a" },
    { shard: 2, worker: "b" },
  ]);
});
