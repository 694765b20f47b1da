import type { FleetMap, Worker } from "@flotilla/shared/contract/http-fleet";
import { IconServer2 } from "@tabler/icons-react";
import { EmptyNote } from "../components/empty-note.tsx";
import { ErrorNote } from "../components/error-note.tsx";
import { LoadingRows } from "../components/loading-rows.tsx";
import { Moment } from "../components/moment.tsx";
import { MoveList } from "../components/move-list.tsx";
import { PageFrame } from "../components/page-frame.tsx";
import { ShardCells, ShardLegend } from "../components/shard-cells.tsx";
import { Surface } from "../components/surface.tsx";
import { WorkerCard } from "../components/worker-card.tsx";
import { plural } from "../lib/fleet-view.ts";
import { fleetEveryMs, useFleet } from "../lib/use-fleet.ts";
import { useNow } from "../lib/use-now.ts";
import classes from "./fleet-page.module.css";

/** For operators: which worker holds which shards and sessions, what moved, and the way to empty a worker. */
export function FleetPage() {
  const fleet = useFleet();
  return (
    <PageFrame title="Fleet" lead={`Workers and the shards they hold, read anew every ${fleetEveryMs / 1_000}\u00a0s`}>
      {fleet.isError && (
        <ErrorNote
          what={fleet.data ? "The fleet cannot be read now; this is how it was." : "The fleet could not be read."}
          error={fleet.error}
          onRetry={fleet.refetch}
        />
      )}
      {fleet.isPending && <LoadingRows rows={3} />}
      {fleet.data && <Fleet {...fleet.data} />}
    </PageFrame>
  );
}

function Fleet({ workers, shards, moves }: FleetMap & { workers: readonly Worker[] }) {
  const now = useNow(1_000);
  const here = workers.filter(({ state }) => state !== "gone");
  const gone = workers.filter(({ state }) => state === "gone");
  const known = new Set(here.map(({ id }) => id));
  const free = shards.filter(({ worker_id }) => worker_id === null || !known.has(worker_id));
  const sessions = here.reduce((sum, worker) => sum + worker.sessions, 0);
  return (
    <>
      <div className={classes["top"]}>
        <p className={classes["sum"]} role="status">
          {plural(here.length, "worker")} · {plural(sessions, "session")} · {shards.length - free.length} of{" "}
          {plural(shards.length, "shard")} held
        </p>
        <ShardLegend />
      </div>
      {free.length > 0 && (
        <Surface title={`Without a worker: ${plural(free.length, "shard")}`}>
          <div className={classes["free"]}>
            <p className={classes["note"]}>
              {here.some(({ state }) => state === "ready" || state === "joining")
                ? "A worker takes them with one of its next heartbeats."
                : "No worker takes shards now: their sessions stand still until one comes or a drain is ended."}
            </p>
            <ShardCells shards={free} label="Without a worker" now={now} />
          </div>
        </Surface>
      )}
      {here.length === 0 && (
        <Surface>
          <EmptyNote icon={<IconServer2 aria-hidden size={22} />}>No worker runs now: start one.</EmptyNote>
        </Surface>
      )}
      <div className={classes["workers"]}>
        {here.map((worker) => (
          <WorkerCard
            key={worker.id}
            worker={worker}
            workers={workers}
            shards={shards.filter(({ worker_id }) => worker_id === worker.id)}
            now={now}
          />
        ))}
      </div>
      <Surface title="Last moves" flush>
        <MoveList moves={moves} />
      </Surface>
      {gone.length > 0 && (
        <Surface title="Gone within the last hour">
          <ul className={classes["gone"]}>
            {gone.map(({ id, host, heartbeat_at }) => (
              <li key={id}>
                <code>{id}</code>
                <span className={classes["note"]}>
                  {host ?? "unknown host"} · last heartbeat <Moment at={heartbeat_at} />
                </span>
              </li>
            ))}
          </ul>
        </Surface>
      )}
    </>
  );
}
