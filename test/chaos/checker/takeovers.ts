import type { HistoryEvent } from "../history/events.ts";

type Link = Extract<HistoryEvent, { kind: "link" }>;

/**
 * How long sessions were without a connection: from the last frame of one worker's connection to the first look at which
 * another connection of the session was open, when the two are of different workers. In milliseconds, in no order.
 * Resolution is that of the looks at the network.
 */
export function takeoverTimes(events: readonly HistoryEvent[]): number[] {
  const links = events.filter((event): event is Link => event.kind === "link").toSorted((a, b) => a.at - b.at);
  const times: number[] = [];
  for (const changes of Map.groupBy(links, ({ phone }) => phone).values()) {
    let last: { worker: string | null; link: string; framesAt: number; frames: number } | undefined;
    for (const { worker, link, frames, open, at } of changes) {
      if (!open) continue;
      if (last !== undefined && last.link !== link && last.worker !== worker) times.push(at - last.framesAt);
      const quiet = last?.link === link && last.frames === frames;
      last = { worker, link, frames, framesAt: quiet ? last!.framesAt : at };
    }
  }
  return times;
}

/** The value below which a share of the values lies; null of none. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? null;
}
