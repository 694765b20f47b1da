import { CampaignTotals } from "@flotilla/shared/contract/http-campaigns";
import { expect, test } from "vitest";

import { paceOf, progressOf } from "./progress.ts";

const totals = (some: Partial<CampaignTotals>): CampaignTotals => ({
  ...(Object.fromEntries(Object.keys(CampaignTotals.shape).map((name) => [name, 0])) as CampaignTotals),
  ...some,
});

test("who has read has also been sent and delivered to", () => {
  const progress = progressOf(totals({ received: 10, invalid: 1, sent: 2, delivered: 3, read: 3, failed: 1 }));
  expect(progress).toMatchObject({ accepted: 9, sent: 8, delivered: 6, read: 3, failed: 1, waiting: 0, addsUp: true });
});

test("a line that is nowhere shows as totals that do not add up", () => {
  expect(progressOf(totals({ received: 3, queued: 1, sent: 1 })).addsUp).toBe(false);
  expect(progressOf(totals({ received: 3, queued: 1, sent: 1, unknown: 1 })).addsUp).toBe(true);
});

test("the pace comes from the samples, and there is none before anything moved", () => {
  expect(paceOf([], 10)).toBeNull();
  expect(
    paceOf(
      [
        { atMs: 0, sent: 5 },
        { atMs: 1000, sent: 5 },
      ],
      10,
    ),
  ).toBeNull();
  expect(
    paceOf(
      [
        { atMs: 0, sent: 0 },
        { atMs: 2000, sent: 50 },
      ],
      150,
    ),
  ).toEqual({ perSecond: 25, etaSeconds: 4 });
});
