import { tryParseBell } from "@flotilla/shared/runtime/event-log";
import { bellChannel } from "@flotilla/shared/runtime/redis-keys";
import type { Redis } from "ioredis";
import type { Bells } from "../ports.ts";

/** A lost bell costs one look a second. */
const longestWaitMs = 1_000;

/** Bells of all tenants over one subscriber connection. Without Redis every wait lasts at most a second. */
export function createBells(subscriber: Redis): Bells {
  const waiting = new Map<string, Set<(head: number) => void>>();
  const heard = (channel: string, text: string) => {
    const bell = channel === bellChannel ? tryParseBell(text) : null;
    if (bell !== null) for (const wake of waiting.get(bell.tenant) ?? []) wake(bell.head);
  };
  subscriber.on("message", heard);
  // Queued until Redis answers and repeated by ioredis after an outage; ended with the connection.
  subscriber.subscribe(bellChannel).catch(() => undefined);

  return {
    async wait(tenant, after, { timeoutMs, signal }) {
      if (signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = (head: number) => head > after && resolve();
      const here = waiting.get(tenant) ?? new Set();
      waiting.set(tenant, here.add(wake));
      const timer = setTimeout(resolve, Math.min(timeoutMs, longestWaitMs));
      const leave = () => resolve();
      signal.addEventListener("abort", leave, { once: true });
      await promise;
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      here.delete(wake);
      if (here.size === 0 && waiting.get(tenant) === here) waiting.delete(tenant);
    },
  };
}
