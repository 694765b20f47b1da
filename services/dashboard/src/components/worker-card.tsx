import type { FleetShard, Worker } from "@flotilla/shared/contract/http-fleet";
import { formatAgo, formatCount, formatMegabytes } from "../lib/format.ts";
import { shortWorker } from "../lib/fleet-view.ts";
import { workerWords } from "../lib/words.ts";
import { DrainButton } from "./drain-button.tsx";
import { Moment } from "./moment.tsx";
import { ShardCells } from "./shard-cells.tsx";
import { StatusMark } from "./status-mark.tsx";
import { Surface } from "./surface.tsx";
import classes from "./worker-card.module.css";

/** Past this lag people wait: the loop is busy with something it should not be. */
const slowLoopMs = 100;

/** One worker: how it is, what it holds, and the way to empty it. */
export function WorkerCard({
  worker,
  workers,
  shards,
  now,
}: {
  worker: Worker;
  workers: readonly Worker[];
  shards: readonly FleetShard[];
  now: number;
}) {
  const { state } = worker;
  const isEmptied = state === "draining" && worker.shards === 0;
  const name = shortWorker(worker.id);
  return (
    <Surface
      title={
        <span className={classes["title"]}>
          <code className={classes["name"]} title={worker.id}>
            {name}
          </code>
          <StatusMark {...workerWords[state]} label={isEmptied ? "Drained" : workerWords[state].label} />
        </span>
      }
      action={<DrainButton worker={worker} workers={workers} />}
    >
      <div className={classes["card"]}>
        <dl className={`${classes["figures"]} numeric`}>
          <Pair name="Sessions" value={formatCount(worker.sessions)} of={`of ${formatCount(worker.capacity)}`} />
          <Pair name="Shards" value={formatCount(worker.shards)} />
          <Pair name="Memory" value={worker.rss_bytes === null ? "–" : formatMegabytes(worker.rss_bytes)} />
          <Pair
            name="Loop lag"
            value={worker.loop_lag_ms === null ? "–" : `${Math.round(worker.loop_lag_ms)} ms`}
            alarm={(worker.loop_lag_ms ?? 0) > slowLoopMs}
          />
        </dl>
        {shards.length > 0 ? (
          <ShardCells shards={shards} label={name} now={now} />
        ) : (
          <p className={classes["none"]}>
            {isEmptied ? "Everything was handed over; it takes nothing until you let it." : workerWords[state].sentence}
          </p>
        )}
        <p className={classes["foot"]}>
          {worker.host ?? "unknown host"} · version {worker.version ?? "unknown"} · started{" "}
          <Moment at={worker.started_at} />
          {" · heartbeat "}
          {heartbeatWords(worker.heartbeat_at, now)}
        </p>
      </div>
    </Surface>
  );
}

function heartbeatWords(at: string, now: number): string {
  const seconds = Math.round((now - Date.parse(at)) / 1_000);
  return seconds < 45 ? `${Math.max(0, seconds)} s ago` : formatAgo(at, now);
}

function Pair({ name, value, of, alarm = false }: { name: string; value: string; of?: string; alarm?: boolean }) {
  return (
    <div className={classes["pair"]} data-alarm={alarm || undefined}>
      <dt>{name}</dt>
      <dd>
        {value} {of !== undefined && <span className={classes["of"]}>{of}</span>}
      </dd>
    </div>
  );
}
