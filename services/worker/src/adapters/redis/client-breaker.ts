import { monotonicMs } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { breakerKeys } from "@flotilla/shared/runtime/redis-keys";
import type { Redis } from "ioredis";
import {
  askToDial,
  type BreakerState,
  breakerRules,
  closedBreaker,
  countRefusal,
} from "../../domain/client-breaker.ts";
import type { ClientRefusal } from "../../domain/reconnect-policy.ts";
import type { ClientBreaker } from "../../sessions/fleet-hold.ts";
import { runScript } from "./run-script.ts";

/** Counts a refusal and answers whether the fleet's dialling stands still now. The rules are those of `countRefusal`. */
const refuse = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local open = redis.call('EXISTS', KEYS[2]) == 1
if not open and redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[4]) then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[6])
if not open then redis.call('SET', KEYS[3], '', 'PX', ARGV[5]) end
return 1
`;
/** Answers {reason or '', probe due}; with ARGV[1] = 1 a due probe is taken. */
const look = `
local reason = redis.call('GET', KEYS[2])
if not reason then return {'', 0} end
if redis.call('EXISTS', KEYS[3]) == 1 then return {reason, 0} end
if ARGV[1] == '1' then redis.call('SET', KEYS[3], '', 'PX', ARGV[2]) end
return {reason, 1}
`;

export interface ClientBreakerOptions {
  redis: Redis;
  /** What identifies the client to WhatsApp: another version is another breaker, so an upgraded worker dials at once. */
  clientVersion: string;
  logger: Logger;
  probeEveryMs?: number;
  /** How often the state is read. Default 2 s. */
  pollMs?: number;
}

/**
 * The fleet's breaker in Redis, where its keys expire by themselves; losing them costs a few dials more. While Redis is
 * away each process goes by the refusals it saw itself.
 */
export function createClientBreaker(options: ClientBreakerOptions): ClientBreaker & AsyncDisposable {
  const { redis, logger, probeEveryMs = breakerRules.probeEveryMs, pollMs = 2_000 } = options;
  const keys = breakerKeys(options.clientVersion);
  let own: BreakerState = closedBreaker;
  let fleet: { reason: ClientRefusal | null; probeDue: boolean } | null = null;

  function tellChange(before: ClientRefusal | null): void {
    const now = breaker.reason();
    if (now !== null && before === null)
      logger.error(
        { reason: now },
        "WhatsApp refuses this client; the fleet dials no more but one probe each ten minutes",
      );
    if (now === null && before !== null) logger.info("WhatsApp takes this client again; the fleet dials");
  }

  async function read(take: boolean): Promise<boolean> {
    const before = breaker.reason();
    try {
      const [reason, due] = (await runScript(redis, look, keys, [take ? "1" : "0", probeEveryMs])) as [string, number];
      fleet = { reason: reason === "" ? null : (reason as ClientRefusal), probeDue: due === 1 };
      if (fleet.reason === null) own = { ...own, open: null };
    } catch {
      fleet = null;
    }
    tellChange(before);
    if (fleet !== null) {
      const may = fleet.reason === null || fleet.probeDue;
      if (take) fleet.probeDue = false;
      return may;
    }
    const { may, after } = askToDial(own, monotonicMs());
    if (take) own = after;
    return may;
  }

  const breaker: ClientBreaker & AsyncDisposable = {
    reason: () => (fleet === null ? (own.open?.reason ?? null) : fleet.reason),
    isProbeDue: () => (fleet === null ? own.open !== null && monotonicMs() >= own.open.probeAtMs : fleet.probeDue),
    mayDial: () => read(true),
    async refused(sessionId, reason) {
      const before = breaker.reason();
      own = countRefusal(own, sessionId, reason, monotonicMs());
      const { withinMs, sessions, forgetAfterMs } = breakerRules;
      try {
        const args = [sessionId, reason, withinMs, sessions, probeEveryMs, forgetAfterMs];
        const open = (await runScript(redis, refuse, keys, args)) === 1;
        fleet = { reason: open ? reason : null, probeDue: false };
      } catch {
        fleet = null;
      }
      tellChange(before);
    },
    accepted() {
      const before = breaker.reason();
      if (before === null) return;
      own = closedBreaker;
      fleet = { reason: null, probeDue: false };
      if (redis.status === "ready") redis.del(...keys).catch(() => 0);
      tellChange(before);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await reading;
    },
  };
  let reading: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => void (reading = read(false)), pollMs).unref();
  return breaker;
}
