import type { JobProducer } from "@flotilla/shared/runtime/job-producer";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";

const Pass = z.object({
  campaigns: z.array(z.uuid()),
  expired: z.int(),
  journal_waiting: z.int().nullable(),
  heads: z.record(z.uuid(), z.int()),
});

export interface UpkeepDeps {
  callPass: () => Promise<z.infer<typeof Pass>>;
  producer: Pick<JobProducer, "enqueue">;
  ring: (tenant: string, head: number) => void;
  metrics: { journalWaiting(rows: number): void };
  logger: Logger;
}

/** How often housekeeping runs across the fleet. */
export const upkeepEveryMs = 10_000;

export function createPassCall(client: ServiceClient): UpkeepDeps["callPass"] {
  return () => callFunction(client, "upkeep_pass", {}, { timeoutMs: 25_000, schema: Pass });
}

/** One pass of housekeeping, and a planner turn for each campaign that wants one: a turn lost with Redis starts again here. */
export async function runUpkeep({ callPass, producer, ring, metrics, logger }: UpkeepDeps): Promise<void> {
  const pass = await callPass();
  if (pass.journal_waiting !== null) metrics.journalWaiting(pass.journal_waiting);
  if (pass.expired > 0)
    logger.info({ expired: pass.expired }, `${pass.expired} messages expired before they could be sent`);
  for (const [tenant, head] of Object.entries(pass.heads)) ring(tenant, head);
  await Promise.all(pass.campaigns.map((campaign) => producer.enqueue("campaign.step", { campaign })));
}
