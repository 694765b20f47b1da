import type { SessionStatus } from "@flotilla/shared/contract/statuses";
import { nextSessionStatus, type SessionObservation } from "@flotilla/shared/domain/session-state";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { Commit, SessionScope, SessionWrite } from "../store-ports.ts";

/** The status of one session as its owner knows it; every change goes through here. */
export interface StatusKeeper {
  readonly current: SessionStatus;
  /** Folds an observation and writes what came of it together with `also`, whose deadline counts more than the table's. Resolves when durable. @throws LeaseLost */
  observe(seen: SessionObservation, also?: SessionWrite): Promise<void>;
  /** A person asked for something: the row's status is newer than ours. */
  adopt(status: SessionStatus): void;
}

/** Starts from the row's status. Changes are told in the log in words an operator reads. */
export function createStatusKeeper(
  first: SessionStatus,
  { commit, scope, name, logger }: { commit: Commit; scope: SessionScope; name: string; logger: Logger },
): StatusKeeper {
  let current = first;
  let reason: string | null = null;
  return {
    get current() {
      return current;
    },
    async observe(seen, also) {
      const move = nextSessionStatus(current, seen);
      if (move === "ignored" || (move.status === current && move.reason === reason)) {
        if (also !== undefined) await commit(scope, { session: also });
        return;
      }
      const previous = current;
      current = move.status;
      reason = move.reason;
      const why = reason === null ? "" : ` (${reason})`;
      if (previous !== current)
        logger.info({ previous, status: current, reason }, `session ${name} is ${current}${why}`);
      await commit(scope, { session: { deadline_ms: move.deadlineMs, ...also, status: current, reason } });
    },
    adopt(status) {
      current = status;
      reason = null;
    },
  };
}
