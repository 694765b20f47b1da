export interface StartRequest {
  after?: number | undefined;
  log_id?: string | undefined;
}

/** Where a tenant's log stands; `oldest` is the oldest event still kept. */
export interface LogPosition {
  logId: string;
  head: number;
  oldest: number;
}

export type StartDecision = { kind: "live" } | { kind: "replay"; after: number } | { kind: "resync" };

/**
 * How a subscription begins: without a cursor from now on, with one at the head at once, with an older one by replay.
 * A cursor of another log, one ahead of the log, or one older than what is kept needs a snapshot first.
 */
export function decideStart({ after, log_id }: StartRequest, { logId, head, oldest }: LogPosition): StartDecision {
  if (after === undefined) return { kind: "live" };
  if (log_id !== undefined && log_id !== logId) return { kind: "resync" };
  if (after > head || after < oldest - 1) return { kind: "resync" };
  return after === head ? { kind: "live" } : { kind: "replay", after };
}
