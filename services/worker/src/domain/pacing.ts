import type { SessionRow } from "../store-ports.ts";

/** How fast one session may send: a rate, and how many may leave together after a quiet time. */
export interface PacingProfile {
  perMinute: number;
  burst: number;
}

/**
 * The one table of paces, by the network a session lives on. WhatsApp publishes no limit: 20 a minute is what an account
 * that people know and expect can send without standing out; the simulator has no such worries. Budgets a day, cold
 * chats and the pace of a single chat are not counted here.
 *
 * | network   | a minute | burst |
 * |-----------|----------|-------|
 * | whatsapp  | 20       | 5     |
 * | simulated | 6,000    | 200   |
 */
export const pacingProfiles: Record<SessionRow["network"], PacingProfile> = {
  whatsapp: { perMinute: 20, burst: 5 },
  simulated: { perMinute: 6_000, burst: 200 },
};

/**
 * Milliseconds until the next message may leave; 0 means now. GCRA: `tatMs` is the theoretical arrival time, when the
 * bucket would be full again. All times are in database time, so that an owner continues the bucket of the one before.
 */
export function pacingWaitMs(tatMs: number, nowMs: number, profile: PacingProfile): number {
  const tolerance = intervalMs(profile) * (profile.burst - 1);
  return Math.max(0, tatMs - tolerance - nowMs);
}

/** The theoretical arrival time after one more message left at `nowMs`. */
export function pacingAfterSend(tatMs: number, nowMs: number, profile: PacingProfile): number {
  return Math.max(tatMs, nowMs) + intervalMs(profile);
}

/** How many rows to release for, or read ahead of, one session: a minute of its pace, at most 2,000. */
export function minuteOfPace(profile: PacingProfile): number {
  return Math.min(2_000, profile.perMinute);
}

const intervalMs = (profile: PacingProfile): number => 60_000 / profile.perMinute;
