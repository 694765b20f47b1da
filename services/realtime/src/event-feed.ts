import { AppError } from "@flotilla/shared/contract/problem";
import { monotonicMs, sleep } from "@flotilla/shared/runtime/clock";
import { bindIds, type Logger } from "@flotilla/shared/runtime/logger";
import type { Bells, EventLog } from "./ports.ts";
import { TenantFeed, type TenantFeedOptions } from "./tenant-feed.ts";

export interface EventFeedOptions extends Pick<TenantFeedOptions, "deliver" | "observe"> {
  log: EventLog;
  bells: Bells;
  logger: Logger;
  /** Whether the tenant has a connection here; a feed without one is dropped half a minute later. */
  isWatched: (tenant: string) => boolean;
  /** How often the heads are looked at, for bells that were lost. Default 500. */
  pollMs?: number;
  /** How often quiet rooms get an empty range. Default 30,000. */
  quietMs?: number;
}

export interface EventFeed {
  /** The feed of a tenant, from where its log stands now. Rejects when the log cannot be read. */
  open: (tenant: string) => Promise<TenantFeed>;
  [Symbol.asyncDispose]: () => Promise<void>;
}

/** A feed without connections is kept this long, for a client that comes right back. */
const lingerMs = 30_000;

/**
 * Keeps one feed for each tenant with local connections, woken by a bell or, when that was lost, by a poll of all their
 * heads in one call. An outage of the database is logged once and waited out.
 */
export function createEventFeed(options: EventFeedOptions): EventFeed {
  const { log, bells, logger, isWatched, pollMs = 500, quietMs = 30_000 } = options;
  const feeds = new Map<string, Promise<TenantFeed>>();
  const opened = new Map<string, TenantFeed>();
  /** When a feed was last asked for: a handshake holds one before its connection counts. */
  const askedAt = new Map<string, number>();
  const stopping = new AbortController();
  let away = false;

  async function openFeed(tenant: string): Promise<TenantFeed> {
    const position = (await log.readHeads([tenant])).get(tenant);
    if (position === undefined) throw new AppError("not_found", "The tenant has no event log");
    const feed = new TenantFeed({ ...options, tenant, logger: bindIds(logger, { tenantId: tenant }) }, position);
    opened.set(tenant, feed);
    return feed;
  }

  function wake(feed: TenantFeed): void {
    feed.advance().then(noteSuccess, noteFailure);
  }

  function noteFailure(error: unknown): void {
    if (!away) logger.warn({ error }, "the event log cannot be read; trying again twice a second");
    away = true;
  }

  function noteSuccess(): void {
    if (away) logger.info("the event log can be read again");
    away = false;
  }

  async function poll(): Promise<void> {
    for (const tenant of opened.keys())
      if (!isWatched(tenant) && monotonicMs() - (askedAt.get(tenant) ?? 0) > lingerMs)
        for (const known of [opened, feeds, askedAt]) known.delete(tenant);
    if (opened.size === 0) return;
    const heads = await log.readHeads([...opened.keys()]);
    noteSuccess();
    for (const [tenant, feed] of opened) {
      const position = heads.get(tenant);
      if (position !== undefined && (position.head > feed.head || position.log_id !== feed.logId)) wake(feed);
    }
  }

  async function keepPolling(): Promise<void> {
    while (!stopping.signal.aborted) {
      await poll().catch(noteFailure);
      await sleep(pollMs * (0.9 + Math.random() * 0.2), stopping.signal).catch(() => {
        // Stopping: the loop's condition ends it.
      });
    }
  }

  bells.onLogGrown(({ tenant, head }) => {
    const feed = opened.get(tenant);
    if (feed !== undefined && head > feed.head) wake(feed);
  });
  const quiet = setInterval(() => {
    for (const feed of opened.values()) feed.sendQuietRanges();
  }, quietMs);
  const polling = keepPolling();

  return {
    open(tenant) {
      askedAt.set(tenant, monotonicMs());
      const known = feeds.get(tenant);
      if (known !== undefined) return known;
      const feed = openFeed(tenant);
      feeds.set(tenant, feed);
      feed.catch(() => feeds.delete(tenant));
      return feed;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      clearInterval(quiet);
      await polling;
      await Promise.allSettled([...opened.values()].map((feed) => feed.settle()));
    },
  };
}
