import type { ClientRefusal } from "./reconnect-policy.ts";

/** When the client itself is refused, so often and so soon, nobody dials but one probe at a time. Milliseconds. */
export const breakerRules = { sessions: 3, withinMs: 60_000, probeEveryMs: 600_000, forgetAfterMs: 1_800_000 } as const;

/** Refusals of the client as one process knows them; monotonic times. */
export interface BreakerState {
  /** When each session was last refused, lately. */
  refusals: ReadonlyMap<string, number>;
  /** Why nobody dials, and since when the last refusal counts; null when dialling goes on. */
  open: { reason: ClientRefusal; refusedAtMs: number; probeAtMs: number } | null;
}

export const closedBreaker: BreakerState = { refusals: new Map(), open: null };

/** One more session was refused for what the client is. Three different ones within a minute stop the dialling. */
export function countRefusal(
  before: BreakerState,
  sessionId: string,
  reason: ClientRefusal,
  nowMs: number,
): BreakerState {
  const refusals = new Map([...before.refusals].filter(([, atMs]) => atMs > nowMs - breakerRules.withinMs));
  refusals.set(sessionId, nowMs);
  if (before.open === null && refusals.size < breakerRules.sessions) return { refusals, open: null };
  const probeAtMs = before.open?.probeAtMs ?? nowMs + breakerRules.probeEveryMs;
  return { refusals, open: { reason, refusedAtMs: nowMs, probeAtMs } };
}

/** Whether a session may dial, and what remains: the one that takes a due probe moves the next one away. */
export function askToDial(before: BreakerState, nowMs: number): { may: boolean; after: BreakerState } {
  const { open } = before;
  if (open === null || nowMs > open.refusedAtMs + breakerRules.forgetAfterMs)
    return { may: true, after: closedBreaker };
  if (nowMs < open.probeAtMs) return { may: false, after: before };
  return { may: true, after: { ...before, open: { ...open, probeAtMs: nowMs + breakerRules.probeEveryMs } } };
}
