import type { CampaignTotals } from "@flotilla/shared/contract/http-campaigns";

/** How far a campaign is, counted as people do: who has read has also been sent to. */
export type Progress = {
  accepted: number;
  sent: number;
  delivered: number;
  read: number;
  failed: number;
  /** Not sent yet: planned, waiting, held or in hand. */
  waiting: number;
  held: number;
  /** Ends without being sent: canceled or expired. */
  dropped: number;
  /** Every accepted line is in exactly one place. */
  addsUp: boolean;
};

/** From the totals, in which each line is in one place only, to the counts of the table. */
export function progressOf(totals: CampaignTotals): Progress {
  const accepted = totals.received - totals.invalid - totals.duplicate - totals.suppressed;
  const read = totals.read + totals.played;
  const delivered = totals.delivered + read;
  const sent = totals.sent + delivered;
  const waiting = totals.planned + totals.scheduled + totals.held + totals.queued + totals.sending + totals.unknown;
  const dropped = totals.canceled + totals.expired;
  const addsUp = sent + totals.failed + waiting + dropped === accepted;
  return { accepted, sent, delivered, read, failed: totals.failed, waiting, held: totals.held, dropped, addsUp };
}

/** Messages per second and seconds left, from what happened lately; null while there is nothing to go by. */
export function paceOf(
  samples: Array<{ atMs: number; sent: number }>,
  accepted: number,
): { perSecond: number; etaSeconds: number } | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.atMs <= first.atMs || last.sent <= first.sent) return null;
  const perSecond = ((last.sent - first.sent) * 1000) / (last.atMs - first.atMs);
  return { perSecond, etaSeconds: Math.max(0, (accepted - last.sent) / perSecond) };
}
