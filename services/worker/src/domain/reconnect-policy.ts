import { assertNever } from "@flotilla/shared/domain/assert-never";
import type { SessionObservation } from "@flotilla/shared/domain/session-state";
import type { CloseCause } from "../ports.ts";

/** Reasons for which WhatsApp refuses the client itself, whichever session it serves: the fleet's dialling may have to stop. */
export type ClientRefusal = "client_outdated" | "configuration";

/** What led to this close; the runner counts, the policy decides. */
export interface CloseHistory {
  /** Losses in a row; back to 0 after 60 s of an open link. */
  losses: number;
  /** Losses in the last ten minutes, this one included. */
  recentLosses: number;
  /** Planned restarts in a row without a login between them. */
  restarts: number;
  /** Rounds of QR codes that nobody scanned since a person asked for them, this one included. */
  pairingRounds: number;
  /** Times in a row that another client took the account, this one included. */
  conflicts: number;
  /** Times in a row that WhatsApp may have said the device is unlinked, this one included. */
  doubtfulUnlinks: number;
}

export type CloseDecision =
  /** Dial again after `inMs`. `observe` is what the session's status learns; null when nothing happened worth telling. */
  | { do: "reconnect"; inMs: number; counts: boolean; observe: SessionObservation | null }
  /**
   * Dial no more. `forget` takes the credentials out of use. `againInMs` is when one try is made without being asked;
   * `clientRefused` tells the fleet, whose breaker then decides about tries.
   */
  | {
      do: "rest";
      observe: SessionObservation;
      forget: boolean;
      againInMs: number | null;
      clientRefused: ClientRefusal | null;
    };

const maxPairingRounds = 3;
const maxConflicts = 3;
/** After another client took the account: time for it to go away again, then one try a minute. */
const firstConflictMs = 30_000;
const conflictMs = 60_000;
/** How long a session that its client version keeps out waits when the fleet's breaker is not the one to decide. */
const outdatedProbeMs = 600_000;
/** Codes of which nobody knows what they mean; the server's own trouble (500) is tried again sooner. */
const unclearCodes = new Set([413, 414, 415, 499, 501]);

/**
 * What to do when a link ended: the one table from cause to action. Delays have full jitter so that a fleet does not come
 * back as one; `random` is in [0, 1). Only a removal that WhatsApp proved makes credentials go.
 *
 * | cause                | action                                     | first delay, most      |
 * |----------------------|--------------------------------------------|------------------------|
 * | restart_required     | reconnect, not counted                     | 0; 5 s after 5 in a row |
 * | link_lost, ours      | reconnect                                  | 0–1 s, 300 s           |
 * | unclear              | reconnect                                  | 2 s, 300 s             |
 * | 413–415, 499, 501    | the same, slower                           | 5 s, 300 s             |
 * | server_busy          | reconnect                                  | 5 s, 300 s             |
 * | rate_limited         | reconnect                                  | 30 s, 900 s            |
 * | qr_expired           | new round, 3 in all, then failed           | 0                      |
 * | replaced             | conflict; one try a minute, 3 in all       | 30 s, then 60 s        |
 * | unlinked             | logged out, credentials out of use         | –                      |
 * | unlinked_maybe       | one try, then logged out, credentials kept | 60 s                   |
 * | temporarily_banned   | restricted, one try when the ban ends      | its end                |
 * | banned               | banned, a person must act                  | –                      |
 * | client_outdated      | failed, the fleet is told, one try         | 600 s                  |
 * | client_refused       | failed, the fleet is told, one try         | 600 s                  |
 * | configuration        | failed, a person must act                  | –                      |
 */
export function decideAfterClose(
  cause: CloseCause,
  history: CloseHistory,
  random: number,
  nowMs: number,
): CloseDecision {
  const lost = (firstMs: number, mostMs: number, reason: string, atLeastMs = 0): CloseDecision => ({
    do: "reconnect",
    inMs: atLeastMs + Math.min(mostMs, firstMs * 2 ** Math.min(history.losses, 20)) * random,
    counts: true,
    observe: { kind: "link_lost", reason: history.recentLosses >= 5 ? "unstable" : reason },
  });
  const rest = (
    observe: SessionObservation,
    forget = false,
    againInMs: number | null = null,
    clientRefused: ClientRefusal | null = null,
  ): CloseDecision => ({ do: "rest", observe, forget, againInMs, clientRefused });
  const clientRefused = (reason: ClientRefusal): CloseDecision =>
    rest({ kind: "refused", as: "failed", reason }, false, outdatedProbeMs * (1 + random), reason);
  switch (cause.kind) {
    case "restart_required":
      return { do: "reconnect", inMs: history.restarts >= 5 ? 5_000 : 0, counts: false, observe: null };
    case "link_lost":
      return lost(1_000, 300_000, `code_${cause.code}`);
    case "terminated_by_us":
      return lost(1_000, 300_000, cause.reason);
    case "unclear":
      return lost(unclearCodes.has(cause.code) ? 5_000 : 2_000, 300_000, `code_${cause.code}`, 1_000);
    case "server_busy":
      return lost(5_000, 300_000, `code_${cause.code}`, 2_500);
    case "rate_limited":
      return lost(30_000, 900_000, `code_${cause.code}`, 15_000);
    case "qr_expired":
      return history.pairingRounds < maxPairingRounds
        ? { do: "reconnect", inMs: 0, counts: false, observe: null }
        : rest({ kind: "refused", as: "failed", reason: "qr_expired" });
    case "replaced":
      return history.conflicts <= maxConflicts
        ? {
            do: "reconnect",
            inMs: history.conflicts === 1 ? firstConflictMs : conflictMs,
            counts: false,
            observe: { kind: "replaced" },
          }
        : rest({ kind: "replaced" });
    case "unlinked":
      return rest({ kind: "unlinked", reason: cause.detail }, true);
    case "unlinked_maybe":
      return history.doubtfulUnlinks < 2
        ? { do: "reconnect", inMs: 60_000, counts: false, observe: { kind: "link_lost", reason: "unlinked_maybe" } }
        : rest({ kind: "unlinked", reason: cause.detail });
    case "temporarily_banned":
      return rest(
        { kind: "refused", as: "restricted", reason: "temporary_ban" },
        false,
        cause.untilMs === null ? null : Math.max(0, cause.untilMs - nowMs) + 60_000 * random,
      );
    case "banned":
      return rest({ kind: "refused", as: "banned", reason: `code_${cause.code}` });
    case "client_outdated":
      return clientRefused("client_outdated");
    case "client_refused":
      return clientRefused("configuration");
    case "configuration":
      return rest({ kind: "refused", as: "failed", reason: "configuration" });
    default:
      return assertNever(cause);
  }
}
