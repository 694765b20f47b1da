/**
 * Whether one more event of a client may be handled: ten at once, ten a second after that. Takes the time as an
 * argument, in milliseconds of a clock that never runs backwards.
 */
export function createEventBudget(perSecond = 10): (nowMs: number) => boolean {
  let left = perSecond;
  let seenMs: number | null = null;
  return (nowMs) => {
    left = Math.min(perSecond, left + ((nowMs - (seenMs ?? nowMs)) * perSecond) / 1_000);
    seenMs = nowMs;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
