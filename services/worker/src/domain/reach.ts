/** Whether this worker reaches WhatsApp, as far as its links show it. Times are monotonic, in milliseconds. */
export interface ReachState {
  /** Since when sessions here want a link and none has one; null while one has, or none wants. */
  cutOffSinceMs: number | null;
  /** Until when no shards are taken; null while they are. */
  shyUntilMs: number | null;
  /** Times in a row that we had to step back. */
  steps: number;
}

export interface ReachSigns {
  /** Sessions of this worker that are to have a link now. */
  wanted: number;
  links: number;
  /** Links of the other workers: somebody reaches WhatsApp. */
  linksElsewhere: number;
}

export const reachable: ReachState = { cutOffSinceMs: null, shyUntilMs: null, steps: 0 };

/** Without any link for so long, while others have some, the shards are better off elsewhere. */
const patienceMs = 60_000;
/** How long we step back: longer each time in a row, since nothing but taking sessions again shows that the way is open. */
const stepBackMs = 60_000;
const mostSteps = 4;

/**
 * The next state. A lease alone proves that Postgres can be reached; that WhatsApp can is shown by links only. A worker
 * whose sessions all lack one for a minute, while those of others have theirs, gives its shards away and takes none for a
 * while. When nobody has links it keeps them: moving would help no one.
 */
export function judgeReach(before: ReachState, signs: ReachSigns, nowMs: number, patience = patienceMs): ReachState {
  const { shyUntilMs, steps } = before;
  if (signs.links > 0) return reachable;
  if (shyUntilMs !== null && nowMs < shyUntilMs) return before;
  const back = { cutOffSinceMs: null, shyUntilMs: null, steps };
  if (signs.wanted === 0 || signs.linksElsewhere === 0) return back;
  const since = shyUntilMs === null ? (before.cutOffSinceMs ?? nowMs) : nowMs;
  if (nowMs - since < patience) return { ...back, cutOffSinceMs: since };
  return {
    cutOffSinceMs: null,
    shyUntilMs: nowMs + stepBackMs * 2 ** Math.min(steps, mostSteps),
    steps: steps + 1,
  };
}
