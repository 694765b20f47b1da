import type { FleetShard } from "@flotilla/shared/contract/http-fleet";
import { countSessions, countUp, hasJustMoved, lookOf, plural } from "../lib/fleet-view.ts";
import classes from "./shard-cells.module.css";

/** Shards as small tiles: filled where sessions are up, cut where some are not, ringed when they have just come. */
export function ShardCells({ shards, label, now }: { shards: readonly FleetShard[]; label: string; now: number }) {
  const busy = shards.filter((shard) => lookOf(shard) !== "empty");
  const partly = busy.filter((shard) => lookOf(shard) === "partly").length;
  const summary = `${label}: ${plural(shards.length, "shard")}, ${busy.length} with sessions, ${partly} of them not all connected`;
  return (
    <div className={classes["cells"]} role="img" aria-label={summary}>
      {shards.map((shard) => (
        <span
          key={shard.shard}
          className={classes["cell"]}
          data-look={lookOf(shard)}
          data-new={hasJustMoved(shard, now) || undefined}
          title={titleOf(shard)}
        />
      ))}
    </div>
  );
}

/** What the looks mean. */
export function ShardLegend() {
  return (
    <ul className={classes["legend"]} aria-label="What the tiles mean">
      <li>
        <span className={classes["cell"]} data-look="up" aria-hidden /> sessions connected
      </li>
      <li>
        <span className={classes["cell"]} data-look="partly" aria-hidden /> some not connected
      </li>
      <li>
        <span className={classes["cell"]} data-look="empty" aria-hidden /> no session to run
      </li>
      <li>
        <span className={classes["cell"]} data-look="empty" data-new aria-hidden /> moved just now
      </li>
    </ul>
  );
}

function titleOf(shard: FleetShard): string {
  const total = countSessions(shard);
  const load = total === 0 ? "no session to run" : `${countUp(shard)} of ${plural(total, "session")} connected`;
  return `Shard ${shard.shard}: ${load} · epoch ${shard.lease_epoch}`;
}
