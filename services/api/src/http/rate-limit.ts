import { AppError } from "@flotilla/shared/contract/problem";
import { monotonicMs } from "@flotilla/shared/runtime/clock";

/** What a request counts against. Limits hold for one tenant in one replica of the API. */
export type RateClass = "sends" | "batches" | "parts" | "reads" | "writes";

export interface Rate {
  perSecond: number;
  burst: number;
}

export type Rates = Readonly<Record<RateClass, Rate>>;

export const defaultRates: Rates = {
  sends: { perSecond: 500, burst: 1_000 },
  batches: { perSecond: 10, burst: 20 },
  parts: { perSecond: 4, burst: 20 },
  reads: { perSecond: 100, burst: 200 },
  writes: { perSecond: 50, burst: 100 },
};

/** Takes one token. Returns the headers to send (IETF RateLimit draft); throws `rate_limited` when there is none. */
export type TakeToken = (tenant: string, rateClass: RateClass) => Record<string, string>;

interface Bucket {
  tokens: number;
  at: number;
}

const mostBuckets = 50_000;

/** Token buckets in memory: a limit against runaway programs, not a quota, so a restart may refill them. */
export function createRateLimit(rates: Rates = defaultRates, now: () => number = monotonicMs): TakeToken {
  const buckets = new Map<string, Bucket>();
  return (tenant, rateClass) => {
    const { perSecond, burst } = rates[rateClass];
    const key = `${rateClass} ${tenant}`;
    if (!buckets.has(key) && buckets.size >= mostBuckets) buckets.clear();
    const bucket = buckets.get(key) ?? { tokens: burst, at: now() };
    const tokens = Math.min(burst, bucket.tokens + ((now() - bucket.at) / 1_000) * perSecond);
    buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now() });
    if (tokens < 1) {
      const seconds = Math.max(1, Math.ceil((1 - tokens) / perSecond));
      throw new AppError("rate_limited", `Too many ${rateClass}: at most ${perSecond} a second and ${burst} at once`, {
        retryAfterSeconds: seconds,
      });
    }
    return {
      "RateLimit-Policy": `"${rateClass}";q=${burst};w=${Math.ceil(burst / perSecond)}`,
      RateLimit: `"${rateClass}";r=${Math.floor(tokens - 1)};t=1`,
    };
  };
}
