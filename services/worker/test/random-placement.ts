import { type Placement, shardCost } from "../src/domain/shard-assignment.ts";

/** A repeatable source of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A fleet as it may stand: 1 to 8 workers, some of another size, 16 to 128 shards, some free, some without sessions. */
export function randomPlacement(
  random: () => number,
  fixed: Partial<Placement> & { filled?: boolean } = {},
): Placement {
  const int = (below: number) => Math.floor(random() * below);
  const { filled, ...rest } = fixed;
  const ids = Array.from({ length: 1 + int(8) }, (_, n) => `worker-${n}`);
  const heaviest = 1 + int(60);
  const shards = Array.from({ length: 16 * (1 + int(8)) }, (_, shard) => ({
    shard,
    weight: random() < 0.3 ? 0 : int(heaviest),
    // Some workers have joined and hold nothing yet.
    worker: random() < 0.2 ? null : ids[Math.floor(ids.length * random() ** 2)]!,
    pairing: random() < 0.1,
  }));
  const owned = shards.flatMap(({ worker, ...shard }) => (worker === null ? [] : [{ ...shard, worker }]));
  const free = shards
    .filter(({ worker }) => worker === null)
    .map(({ shard, weight }) => ({ shard, weight, prefer: random() < 0.1 ? ids[int(ids.length)]! : null }))
    .toSorted((a, b) => b.weight - a.weight || a.shard - b.shard);
  const workers = ids.map((id) => ({
    id,
    capacity: random() < 0.8 ? 300 : 100 + int(400),
    filled: filled ?? random() < 0.5,
    load: owned.filter(({ worker }) => worker === id).reduce((sum, { weight }) => sum + shardCost(weight), 0),
  }));
  return {
    workers,
    free,
    owned,
    max_moves: 1 + int(8),
    may_drift: random() < 0.5,
    drift_budget: 1 + int(20),
    drifted: random() < 0.3,
    ...rest,
  };
}
