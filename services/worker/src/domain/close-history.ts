import type { CloseCause } from "../ports.ts";
import type { CloseHistory } from "./reconnect-policy.ts";

/** Everything counted so far: what the policy asks for, before the close at hand, and when links were lost. */
export interface CloseCounts extends CloseHistory {
  lossTimes: readonly number[];
}

export const noCloses: CloseCounts = {
  losses: 0,
  recentLosses: 0,
  restarts: 0,
  pairingRounds: 0,
  conflicts: 0,
  doubtfulUnlinks: 0,
  lossTimes: [],
};

const provenMs = 60_000;
const recentMs = 600_000;

/**
 * Counts one more close of a link that was logged in for `openMs` (0: never). A link that stood for a minute proves that
 * what went wrong before is over; any login ends a row of restarts. Times are monotonic.
 */
export function countClose(before: CloseCounts, cause: CloseCause, openMs: number, nowMs: number): CloseCounts {
  const base = openMs >= provenMs ? { ...noCloses, lossTimes: before.lossTimes } : before;
  const isLoss = ["link_lost", "terminated_by_us", "unclear", "server_busy", "rate_limited"].includes(cause.kind);
  const lossTimes = [...base.lossTimes.filter((time) => time > nowMs - recentMs), ...(isLoss ? [nowMs] : [])];
  return {
    // The first loss after a good time is answered without delay, so it counts for the next one only.
    losses: base.losses,
    recentLosses: lossTimes.length,
    restarts: cause.kind === "restart_required" ? (openMs > 0 ? 0 : base.restarts) + 1 : 0,
    pairingRounds: cause.kind === "qr_expired" ? base.pairingRounds + 1 : base.pairingRounds,
    conflicts: cause.kind === "replaced" ? base.conflicts + 1 : base.conflicts,
    doubtfulUnlinks: cause.kind === "unlinked_maybe" ? base.doubtfulUnlinks + 1 : base.doubtfulUnlinks,
    lossTimes,
  };
}
