import { EventListQuery, EventPage } from "@flotilla/shared/contract/events";
import { defineRoute, type Route } from "../http/route.ts";
import type { Bells, EventReader } from "../ports.ts";
import { followEvents } from "../use-cases/follow-events.ts";

/** The event log by long poll. */
export function eventRoutes(deps: { events: EventReader; bells: Bells }): Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/v1/events",
      summary: "Events behind `after`, in order; waits for the first one with `wait`",
      scope: "events:read",
      rate: "reads",
      query: EventListQuery,
      answers: {
        200: { description: "Continue with next_after", schema: EventPage },
        410: { description: "Some of those events are gone; `oldest` is the first one kept" },
      },
      async handle({ tenant, query: { after, limit, wait }, signal }) {
        const body = await followEvents(deps, { tenant: tenant.id, after, limit, waitMs: wait * 1_000, signal });
        return { status: 200, body };
      },
    }),
  ];
}
