import type { Envelope } from "@flotilla/shared/contract/events";
import { type QueryClient, hashKey } from "@tanstack/react-query";
import { foldEvents } from "./live-cache.ts";

/** An answer that events cannot complete is read again, at most this often. */
const readAgainEveryMs = 2_000;

/** Carries events into every cached answer; an answer that needs reading again is, without a storm of requests. */
export class LiveQueries {
  readonly #queryClient: QueryClient;
  readonly #due = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #readAt = new Map<string, number>();

  constructor(queryClient: QueryClient) {
    this.#queryClient = queryClient;
  }

  apply(events: readonly Envelope[]): void {
    for (const query of this.#queryClient.getQueryCache().getAll()) {
      const { data } = query.state;
      const folded = foldEvents(query.queryKey, data, events);
      if (folded.data !== data) this.#queryClient.setQueryData(query.queryKey, folded.data);
      if (folded.stale) this.#readAgain(query.queryKey);
    }
  }

  /** Reads an answer again: now when the last time is long enough ago, else once when it is. */
  #readAgain(key: readonly unknown[]): void {
    const hash = hashKey(key);
    if (this.#due.has(hash)) return;
    const waitMs = Math.max(0, (this.#readAt.get(hash) ?? 0) + readAgainEveryMs - Date.now());
    const read = (): void => {
      this.#due.delete(hash);
      this.#readAt.set(hash, Date.now());
      void this.#queryClient.invalidateQueries({ queryKey: key, exact: true });
    };
    this.#due.set(hash, setTimeout(read, waitMs));
  }

  stop(): void {
    for (const timer of this.#due.values()) clearTimeout(timer);
    this.#due.clear();
  }
}
