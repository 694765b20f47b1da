import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import type { JobProducer } from "@flotilla/shared/runtime/job-producer";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { z } from "zod";

const Step = z.object({
  status: z.string(),
  wakes: z.array(z.object({ session_id: z.uuid(), shard: z.int(), lane: z.int() })),
  heads: z.record(z.uuid(), z.int()),
  again_ms: z.int().nullable(),
});

export interface StepCampaignDeps {
  callStep: (campaign: string) => Promise<z.infer<typeof Step>>;
  producer: Pick<JobProducer, "enqueue">;
  ring: (tenant: string, head: number) => void;
  logger: Logger;
}

/** One turn of a campaign's planner in SQL. `windowRows` bounds what waits in one session's lane: a minute of its pace. */
export function createStepCall(client: ServiceClient, windowRows: number): StepCampaignDeps["callStep"] {
  return (campaign) =>
    callFunction(
      client,
      "campaign_step",
      { p_campaign: campaign, p_window: windowRows },
      { timeoutMs: 20_000, schema: Step },
    );
}

/**
 * Releases a window of recipients, reports progress, and asks for the next turn. Runs on any worker: the campaign's row
 * lock makes turns take turns. A wake-up or a next turn that cannot be queued is found by the sweep or by upkeep.
 */
export async function stepCampaign(deps: StepCampaignDeps, campaign: string): Promise<void> {
  const { producer, ring, logger } = deps;
  const step = await deps.callStep(campaign);
  logger.debug({ campaignId: campaign, status: step.status, wakes: step.wakes.length }, "a campaign took a step");
  for (const [tenant, head] of Object.entries(step.heads)) ring(tenant, head);
  await Promise.all(
    step.wakes.map(({ session_id, shard, lane }) =>
      producer.enqueue("outbox.wake", { session: session_id, lane }, { shard }),
    ),
  );
  if (step.again_ms !== null) await producer.enqueue("campaign.step", { campaign }, { delayMs: step.again_ms });
}
