import { expect, test } from "vitest";
import { shardChanges } from "./shard-changes.ts";

const owned = (shard: number, epoch: number) => ({ shard, epoch, clean: true, sessions: 1 });
const held = new Map([
  [1, { shard: 1, epoch: 4 }],
  [2, { shard: 2, epoch: 7 }],
]);
const shards = (list: { shard: number }[]) => list.map(({ shard }) => shard);

test.each([
  ["nothing changes", [owned(1, 4), owned(2, 7)], { lost: [], claimed: [], kept: [1, 2] }],
  ["a new shard is claimed", [owned(1, 4), owned(2, 7), owned(3, 1)], { lost: [], claimed: [3], kept: [1, 2] }],
  ["a shard no longer listed is lost", [owned(1, 4)], { lost: [2], claimed: [], kept: [1] }],
  [
    "a shard under a newer epoch was lost in between",
    [owned(1, 5), owned(2, 7)],
    { lost: [1], claimed: [1], kept: [2] },
  ],
])("%s", (_, answer, expected) => {
  const changes = shardChanges(held, answer, new Map());
  expect({ lost: shards(changes.lost), claimed: shards(changes.claimed), kept: shards(changes.kept) }).toEqual(
    expected,
  );
});

test("an answer that is older than our hand-over does not claim the shard again", () => {
  const changes = shardChanges(
    new Map(),
    [owned(1, 4), owned(2, 8)],
    new Map([
      [1, 4],
      [2, 7],
    ]),
  );
  expect(shards(changes.claimed)).toEqual([2]);
  expect(shards(changes.stale)).toEqual([1]);
});
