import type { HistoryEvent } from "../history/events.ts";
import type { Check, Finding } from "./finding.ts";

type Owner = Extract<HistoryEvent, { kind: "owner" }>;
type Link = Extract<HistoryEvent, { kind: "link" }>;

/** Bytes that were on their way through a proxy when the lease changed hands. */
const graceMs = 300;

/**
 * One owner: a connection of a session carries frames only for the worker that holds the session's shard; epochs rise
 * with every change of owner. A lease that has run out counts as held until somebody else takes it.
 */
export function checkOwners(): Check {
  const shards = new Map<string, number>();
  const owners: Owner[] = [];
  const links: Link[] = [];
  const found: Finding[] = [];
  return {
    take(event) {
      if (event.kind === "session") shards.set(event.phone, event.shard);
      if (event.kind === "owner") owners.push(event);
      if (event.kind === "link") links.push(event);
    },
    *findings() {
      const history = Map.groupBy(
        owners.toSorted((a, b) => a.epoch - b.epoch || a.at - b.at),
        ({ shard }) => shard,
      );
      for (const changes of history.values()) yield* epochFindings(changes);
      const framesOf = new Map<string, number>();
      for (const link of links.toSorted((a, b) => a.at - b.at)) {
        const before = framesOf.get(link.link);
        framesOf.set(link.link, link.frames);
        // A connection that is new has carried its login; frames of a look before the last do not count again.
        if (link.worker === null || (before !== undefined && link.frames <= before)) continue;
        const shard = shards.get(link.phone);
        const held = shard === undefined ? undefined : history.get(shard);
        if (held === undefined || heldWithin(held, link.worker, link.since - graceMs, link.at)) continue;
        found.push({
          kind: "overlap",
          detail: `${link.link} of ${link.phone} (shard ${shard}) carried frames for ${link.worker} at ${Math.round(link.at)} ms; the shard was ${ownerAt(held, link.at) ?? "nobody"}'s`,
        });
      }
      yield* found;
    },
  };
}

function* epochFindings(changes: Owner[]): Iterable<Finding> {
  for (const [index, change] of changes.entries()) {
    const before = changes[index - 1];
    if (before === undefined) continue;
    const about = `shard ${change.shard}: ${before.owner} with epoch ${before.epoch}, then ${change.owner} with ${change.epoch}`;
    if (change.at < before.at) yield { kind: "epoch", detail: `${about}, in the wrong order` };
    if (change.epoch === before.epoch && change.owner !== null && change.owner !== before.owner)
      yield { kind: "epoch", detail: about };
  }
}

/** Whether a worker held the shard at any moment of an interval. */
function heldWithin(changes: Owner[], worker: string, from: number, to: number): boolean {
  return changes.some(({ owner, at }, index) => {
    const until = changes[index + 1]?.at ?? Infinity;
    return owner === worker && at <= to && until >= from;
  });
}

function ownerAt(changes: Owner[], at: number): string | null {
  return changes.findLast((change) => change.at <= at)?.owner ?? null;
}
