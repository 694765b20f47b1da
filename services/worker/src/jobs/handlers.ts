import type { JobHandlers } from "@flotilla/shared/runtime/job-consumer";
import type { SessionSupervisor } from "../sessions/session-supervisor.ts";
import { reconcileSession } from "./reconcile-session.ts";
import { wakeOutbox } from "./wake-outbox.ts";

/** What the jobs of one shard's queue do; a job without a handler does not compile. */
export function shardHandlers(
  shard: number,
  supervisor: Pick<SessionSupervisor, "reconcile" | "wake">,
): JobHandlers<"cmd"> {
  return {
    "session.reconcile": ({ session }) => reconcileSession(supervisor, shard, session),
    "outbox.wake": ({ session, lane }) => wakeOutbox(supervisor, session, lane),
  };
}
