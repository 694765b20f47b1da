import type { ShardMove } from "@flotilla/shared/contract/http-fleet";
import { groupMoves, moveWords, shardsWords, shortWorker } from "../lib/fleet-view.ts";
import { leaseEndWords } from "../lib/words.ts";
import { EmptyNote } from "./empty-note.tsx";
import { Moment } from "./moment.tsx";
import classes from "./move-list.module.css";

const mostShown = 8;

/** The last moves of shards, those that belong together as one line. */
export function MoveList({ moves }: { moves: readonly ShardMove[] }) {
  const groups = groupMoves(moves).slice(0, mostShown);
  if (groups.length === 0) return <EmptyNote>No shard was taken yet.</EmptyNote>;
  return (
    <ul className={classes["moves"]}>
      {groups.map((group) => {
        const { shards, to, at } = group;
        return (
          <li key={`${at} ${to} ${shards[0]}`} className={classes["move"]}>
            <span>
              <strong className="numeric">{shardsWords(group)}</strong> to <code>{shortWorker(to)}</code>,{" "}
              <span className={classes["why"]}>{moveWords(group, leaseEndWords)}</span>
            </span>
            <span className={classes["at"]}>
              <Moment at={at} />
            </span>
          </li>
        );
      })}
    </ul>
  );
}
