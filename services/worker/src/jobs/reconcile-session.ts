import type { SessionSupervisor } from "../sessions/session-supervisor.ts";

/** Has the session's row read and acted on. Level-triggered: running twice, late or never costs at most a sweep. */
export async function reconcileSession(
  supervisor: Pick<SessionSupervisor, "reconcile">,
  shard: number,
  session: string,
): Promise<void> {
  await supervisor.reconcile(shard, session);
}
