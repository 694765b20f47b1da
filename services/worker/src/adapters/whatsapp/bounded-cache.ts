import type { PossiblyExtendedCacheStore } from "@whiskeysockets/baileys";
import { LRUCache } from "lru-cache";

/**
 * A cache for one link: at most `max` entries, each for `ttlMs`; without timers, so nothing outlives the link. Bounded by
 * size and not by count, because lru-cache sets the memory of a count aside at once, for every idle link.
 */
export function createBoundedCache({ max, ttlMs }: { max: number; ttlMs: number }): PossiblyExtendedCacheStore {
  const entries = new LRUCache<string, { value: unknown }>({ maxSize: max, sizeCalculation: () => 1, ttl: ttlMs });
  const get = (key: string): unknown => entries.get(key)?.value;
  const set = (key: string, value: unknown): void => void entries.set(key, { value });
  return {
    get: get as PossiblyExtendedCacheStore["get"],
    set,
    del: (key) => entries.delete(key),
    flushAll: () => entries.clear(),
    close: () => entries.clear(),
    mget: (keys) => Promise.resolve(Object.fromEntries(keys.map((key) => [key, get(key)]))) as never,
    mset: (all) => {
      for (const { key, value } of all) set(key, value);
    },
  };
}
