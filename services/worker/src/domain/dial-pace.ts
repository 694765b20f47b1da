/** Logins that the whole fleet may begin in a second; WhatsApp publishes no limit; servers that have just come back are not to be stormed. */
export const fleetDialsPerSecond = 20;

/** When the next dial may begin and the earliest time of the one after it. No burst: dials of one second never exceed the rate. */
export function nextDial(freeAtMs: number, nowMs: number, perSecond: number): { atMs: number; freeAtMs: number } {
  const atMs = Math.max(freeAtMs, nowMs);
  return { atMs, freeAtMs: atMs + 1_000 / perSecond };
}
