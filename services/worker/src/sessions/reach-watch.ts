import { isResting } from "@flotilla/shared/domain/session-state";
import { monotonicMs } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { judgeReach, reachable } from "../domain/reach.ts";
import type { SessionRunner } from "./session-runner.ts";
import type { ShardKeeper } from "./shard-keeper.ts";

export interface ReachWatchOptions {
  keeper: Pick<ShardKeeper, "linksElsewhere" | "accept" | "isDraining">;
  runners: () => Pick<SessionRunner, "phase" | "status">[];
  patienceMs: number;
  logger: Logger;
}

/** Gives this worker's shards to others when its sessions reach WhatsApp no more and theirs do; see `judgeReach`. */
export function watchReach({ keeper, runners, patienceMs, logger }: ReachWatchOptions) {
  let state = reachable;
  return {
    /** Looks; called once a second. */
    check(): void {
      if (keeper.isDraining()) return;
      const sessions = runners();
      const links = sessions.filter((session) => session.phase() === "open").length;
      // A code on the screen proves the way as well as a login, but wants no link of its own.
      const wanted = sessions.filter(({ status, phase }) => !isResting(status()) && phase() !== "pairing").length;
      const before = state;
      const signs = { wanted, links, linksElsewhere: keeper.linksElsewhere() };
      state = judgeReach(state, signs, monotonicMs(), patienceMs);
      if (state.shyUntilMs === before.shyUntilMs) return;
      keeper.accept(state.shyUntilMs === null);
      if (state.shyUntilMs === null) logger.info("this worker takes shards again");
      else
        logger.error(
          { wanted, forMs: Math.round(state.shyUntilMs - monotonicMs()) },
          "no session here reaches WhatsApp while others do; the shards are given to other workers",
        );
    },
  };
}
