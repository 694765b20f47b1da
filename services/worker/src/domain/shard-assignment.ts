/** A worker that may be given shards: alive, staying, and settled. */
export interface Receiver {
  id: string;
  /** Relative size; a load is divided by it. */
  capacity: number;
  /** Sum of `weight * 1000 + 1` over its shards. */
  load: number;
  /** It has got its share since it joined: what moves from then on is drift. */
  filled: boolean;
}

export interface Placement {
  /** In order of id. */
  workers: readonly Receiver[];
  /** Heaviest first, then by number. `weight` is its running sessions; `prefer` the worker an operator wishes for it. */
  free: readonly { shard: number; weight: number; prefer: string | null }[];
  owned: readonly { shard: number; worker: string; weight: number; pairing: boolean }[];
  max_moves: number;
  /** Nobody came, left or was moved for a while. */
  may_drift: boolean;
  /** Sessions that may still move for drift; `drifted`: some did in this minute. */
  drift_budget: number;
  drifted: boolean;
}

export interface ShardPlan {
  claims: { shard: number; worker: string }[];
  moves: { shard: number; from: string; to: string; drift: boolean }[];
}

/** What one shard weighs: its sessions, and a little for itself. */
export const shardCost = (weight: number): number => weight * 1000 + 1;

/**
 * Who shall have which shard. The free ones go, heaviest first, to whoever has least. Then the fullest gives the
 * emptiest the shard that best halves their difference, until that is at most a session or a tenth of the mean: at once
 * to a worker that joined, slowly where weights have drifted. Shards with sessions that are being paired go last.
 *
 * It is the twin of the SQL function `plan_shards`, by which the fleet lives, in the same arithmetic of doubles; it
 * exists so that the plan can be tried on thousands of fleets, and the two compared.
 */
export function planShards(placement: Placement): ShardPlan {
  const workers = placement.workers.map((worker) => ({ ...worker, load: worker.load / worker.capacity }));
  if (workers.length === 0) return { claims: [], moves: [] };
  const least = () => workers.reduce((low, worker) => (worker.load < low.load ? worker : low));
  const most = () => workers.reduce((high, worker) => (worker.load > high.load ? worker : high));

  const claims = placement.free.map(({ shard, weight, prefer }) => {
    const worker = workers.find(({ id }) => id === prefer) ?? least();
    worker.load += shardCost(weight) / worker.capacity;
    return { shard, worker: worker.id };
  });

  const moves: ShardPlan["moves"] = [];
  let { drift_budget: budget, drifted } = placement;
  while (moves.length < placement.max_moves) {
    const [high, low] = [most(), least()];
    const capacity = Math.min(high.capacity, low.capacity);
    const gap = (high.load - low.load) * capacity;
    const sum = workers.reduce((total, { load }) => total + load, 0);
    if (gap <= Math.max(1000, ((sum / workers.length) * capacity) / 10)) break;
    const drift = low.filled;
    if (drift && !placement.may_drift) break;
    const moved = new Set(moves.map(({ shard }) => shard));
    const fits = placement.owned.filter(
      ({ shard, worker, weight }) =>
        worker === high.id &&
        weight > 0 &&
        !moved.has(shard) &&
        shardCost(weight) <= gap / 2 + 1 &&
        // A shard is the least that can move, so one may be more than the budget.
        (!drift || weight <= budget || !drifted),
    );
    const [chosen] = fits.toSorted(
      (a, b) => Number(a.pairing) - Number(b.pairing) || b.weight - a.weight || a.shard - b.shard,
    );
    if (chosen === undefined) break;
    if (drift) {
      budget -= chosen.weight;
      drifted = true;
    }
    high.load -= shardCost(chosen.weight) / high.capacity;
    low.load += shardCost(chosen.weight) / low.capacity;
    moves.push({ shard: chosen.shard, from: high.id, to: low.id, drift });
  }
  return { claims, moves };
}
