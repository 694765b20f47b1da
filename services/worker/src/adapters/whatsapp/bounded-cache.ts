import { LRUCache } from "lru-cache";

/** The shape of cache that the library takes. */
export interface BoundedCache {
  get<T>(key: string): T | undefined;
  set<T>(key: string, value: T): void;
  del(key: string): void;
  flushAll(): void;
  close(): void;
  mget<T>(keys: string[]): Promise<Record<string, T | undefined>>;
  mset<T>(entries: { key: string; value: T }[]): void;
}

/** A cache for one link: at most `max` entries, each for `ttlMs`; without timers, so nothing outlives the link. */
export function createBoundedCache({ max, ttlMs }: { max: number; ttlMs: number }): BoundedCache {
  const entries = new LRUCache<string, NonNullable<unknown>>({ max, ttl: ttlMs });
  const get = <T>(key: string): T | undefined => entries.get(key) as T | undefined;
  const set = (key: string, value: unknown): void => {
    if (value !== undefined && value !== null) entries.set(key, value);
  };
  return {
    get,
    set,
    del: (key) => void entries.delete(key),
    flushAll: () => entries.clear(),
    close: () => entries.clear(),
    mget: <T>(keys: string[]) => Promise.resolve(Object.fromEntries(keys.map((key) => [key, get<T>(key)]))),
    mset: (all) => {
      for (const { key, value } of all) set(key, value);
    },
  };
}
