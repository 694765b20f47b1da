import type { HistoryEvent } from "../history/events.ts";
import { checkInbound } from "./check-inbound.ts";
import { checkMessages } from "./check-messages.ts";
import { checkOrder } from "./check-order.ts";
import { checkOwners } from "./check-owners.ts";
import { checkRepeats } from "./check-repeats.ts";
import { checkSessions } from "./check-sessions.ts";
import { type Finding, type FindingKind, findingKinds } from "./finding.ts";
import { takeoverTimes } from "./takeovers.ts";

/** What a history shows. */
export interface Verdict {
  counts: Record<FindingKind, number>;
  /** The first counterexample, lost and doubled messages before anything else; null when nothing is wrong. */
  first: Finding | null;
  messages: { attempted: number; accepted: number; shown: number };
  inbound: { wrote: number; stored: number };
  repeats: { repeats: number; most: number };
  /** Milliseconds, in no order. */
  takeovers: number[];
}

/** Judges a history: pure, one pass for each event, memory in proportion to the messages. */
export function checkHistory(events: readonly HistoryEvent[]): Verdict {
  const messages = checkMessages();
  const inbound = checkInbound();
  const repeats = checkRepeats();
  const checks = [messages, checkOrder(), inbound, checkOwners(), checkSessions(), repeats];
  for (const event of events) for (const check of checks) check.take(event);

  const counts = Object.fromEntries(findingKinds.map((kind) => [kind, 0])) as Record<FindingKind, number>;
  const firsts = new Map<FindingKind, Finding>();
  for (const check of checks) {
    for (const finding of check.findings()) {
      counts[finding.kind]++;
      if (!firsts.has(finding.kind)) firsts.set(finding.kind, finding);
    }
  }
  const first = findingKinds.map((kind) => firsts.get(kind)).find((finding) => finding !== undefined) ?? null;
  return {
    counts,
    first,
    messages: messages.counts(),
    inbound: inbound.counts(),
    repeats: repeats.counts(),
    takeovers: takeoverTimes(events),
  };
}
