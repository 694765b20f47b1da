/**
 * What a client of the event log does with a batch. The range is half-open: `(from, to]`. Applying these four rules to
 * every batch gives each event once, in order, through reconnects and killed replicas.
 */
export type BatchDecision = "apply" | "drop" | "resume" | "resync";

export interface Cursor {
  logId: string;
  last: number;
}

/** `resume`: ask again from the cursor, a range is missing. `resync`: the log was replaced, load a snapshot. */
export function decideBatch(cursor: Cursor, batch: { log_id: string; from: number; to: number }): BatchDecision {
  if (batch.log_id !== cursor.logId) return "resync";
  if (batch.to <= cursor.last) return "drop";
  if (batch.from > cursor.last) return "resume";
  return "apply";
}
