import { z } from "zod";

/**
 * The job catalogue. A job is a hint that names rows: it may be lost, run twice or come late, and nothing is lost by
 * it, because every handler looks at the rows and a sweep finds rows without a job. Payloads hold ids only.
 */
export const jobCatalogue = {
  /** Make the session what its row asks for: start, stop, restart, log out, pair. Level-triggered. */
  "session.reconcile": { queue: "cmd", payload: z.object({ session: z.uuid() }) },
  /** There may be rows to send in this lane of this session. */
  "outbox.wake": { queue: "cmd", payload: z.object({ session: z.uuid(), lane: z.int().min(0) }) },
  /** Move a window of planned recipients into the outbox, report progress, close the campaign when it is through. */
  "campaign.step": { queue: "campaigns", payload: z.object({ campaign: z.uuid() }) },
  /** Find rows whose wake-up or timer was lost, expire what is too old, compact counters, make partitions. */
  "upkeep.pass": { queue: "upkeep", payload: z.object({}) },
} as const;

export type JobName = keyof typeof jobCatalogue;
export type JobPayload<Name extends JobName> = z.infer<(typeof jobCatalogue)[Name]["payload"]>;

/** Deduplication id: at most one waiting job a subject. BullMQ refuses colons in ids. */
export function jobSubject<Name extends JobName>(name: Name, payload: JobPayload<Name>): string {
  const kind = name.replace(".", "-");
  return [kind, ...Object.values(payload as Record<string, string | number>)].join("-");
}
