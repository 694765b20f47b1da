import type { Envelope } from "@flotilla/shared/contract/events";
import { AppError } from "@flotilla/shared/contract/problem";
import { monotonicMs } from "@flotilla/shared/runtime/clock";
import type { Bells, EventReader } from "../ports.ts";

export interface EventPageAnswer {
  data: Envelope[];
  next_after: number;
  head: number;
  log_id: string;
  has_more: boolean;
}

/**
 * Events behind `after`, in order and without a hole. Waits up to `waitMs` for the first one, listening to the bell. Throws
 * `events_expired` with the oldest sequence kept when some of them are gone.
 */
export async function followEvents(
  deps: { events: EventReader; bells: Bells },
  request: { tenant: string; after: number; limit: number; waitMs: number; signal: AbortSignal },
): Promise<EventPageAnswer> {
  const { tenant, after, limit, waitMs, signal } = request;
  const deadline = monotonicMs() + waitMs;
  for (;;) {
    const { events, head, oldest, log_id } = await deps.events.read({ tenant, after, limit });
    if (after < oldest - 1)
      throw new AppError(
        "events_expired",
        `Events up to ${oldest - 1} are gone: read the rows, then follow from there`,
        {
          facts: { oldest },
        },
      );
    const left = deadline - monotonicMs();
    if (events.length > 0 || left <= 0 || signal.aborted) {
      const next_after = events.at(-1)?.sequence ?? after;
      return { data: events, next_after, head, log_id, has_more: events.length > 0 && next_after < head };
    }
    await deps.bells.wait(tenant, after, { timeoutMs: left, signal });
  }
}
