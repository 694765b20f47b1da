import { monotonicMs } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { fleetDialsKey } from "@flotilla/shared/runtime/redis-keys";
import type { Redis } from "ioredis";
import { nextDial } from "../../domain/dial-pace.ts";
import { runScript } from "./run-script.ts";

/** Takes the next turn of the fleet, by the clock of Redis; answers the milliseconds until it. As `nextDial`, in integers of microseconds. */
const takeTurn = `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
redis.call('SET', KEYS[1], string.format('%.0f', at + 1000000 / ARGV[1]), 'PX', math.ceil((at - now) / 1000) + 1000)
return math.ceil((at - now) / 1000)
`;

/** A turn to dial: resolves with the milliseconds to wait until it. Never rejects. */
export type TakeDialTurn = () => Promise<number>;

/**
 * Turns of the whole fleet through Redis. While Redis is away this process keeps to its part of the rate; what another
 * process does then is not known, so the fleet may dial a little faster or slower for as long.
 */
export function createDialTurns({
  redis,
  workers,
  logger,
  perSecond,
}: {
  redis: Redis;
  /** Workers of the fleet as of the last heartbeat. */
  workers: () => number;
  logger: Logger;
  /** Dials of the fleet in a second. */
  perSecond: number;
}): TakeDialTurn {
  let freeAtMs = 0;
  return async () => {
    try {
      return Number(await runScript(redis, takeTurn, [fleetDialsKey], [perSecond]));
    } catch (error) {
      logger.debug({ error }, "the fleet's turn to dial is not known; this worker keeps to its part of the rate");
      const nowMs = monotonicMs();
      const turn = nextDial(freeAtMs, nowMs, perSecond / Math.max(1, workers()));
      ({ freeAtMs } = turn);
      return turn.atMs - nowMs;
    }
  };
}
