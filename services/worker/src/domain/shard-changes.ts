import type { Lease } from "../store-ports.ts";

export interface OwnedShard extends Lease {
  /** The last owner released it; false means that it died. */
  clean: boolean;
  /** Sessions that are to run or to be unlinked. */
  sessions: number;
}

/**
 * What a heartbeat's answer changes in what a worker holds. A shard listed under another epoch was lost and claimed
 * anew. `given` are the epochs of shards already handed back or fenced: an answer that still lists them is older.
 */
export function shardChanges(
  held: ReadonlyMap<number, Lease>,
  owned: readonly OwnedShard[],
  given: ReadonlyMap<number, number>,
): { lost: Lease[]; claimed: OwnedShard[]; kept: OwnedShard[]; stale: Lease[] } {
  const current = owned.filter(({ shard, epoch }) => epoch > (given.get(shard) ?? -1));
  const epochs = new Map(current.map(({ shard, epoch }) => [shard, epoch]));
  return {
    lost: [...held.values()].filter(({ shard, epoch }) => epochs.get(shard) !== epoch),
    claimed: current.filter(({ shard, epoch }) => held.get(shard)?.epoch !== epoch),
    kept: current.filter(({ shard, epoch }) => held.get(shard)?.epoch === epoch),
    stale: owned.filter(({ shard, epoch }) => epoch <= (given.get(shard) ?? -1)),
  };
}
