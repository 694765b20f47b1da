import { FleetMap, Placement, Worker, WorkerPage } from "@flotilla/shared/contract/http-fleet";
import { defineRoute, type Route } from "../http/route.ts";
import type { FleetStore, SessionStore } from "../ports.ts";

/** Where sessions run: the fleet for operators, and one session's place for its tenant. */
export function fleetRoutes({ fleet, sessions }: { fleet: FleetStore; sessions: SessionStore }): Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/v1/workers",
      summary: "List the workers, and those gone within the last hour",
      scope: "ops:read",
      rate: "reads",
      answers: { 200: { description: "The whole fleet in one page", schema: WorkerPage } },
      handle: async () => ({ status: 200, body: { data: await fleet.list(), next_cursor: null, has_more: false } }),
    }),
    defineRoute({
      method: "get",
      path: "/v1/workers/:worker",
      summary: "Read a worker, also one that has been gone for less than 7 days",
      scope: "ops:read",
      rate: "reads",
      answers: { 200: { description: "The worker", schema: Worker } },
      handle: async ({ params }) => ({ status: 200, body: await fleet.get(params["worker"]!) }),
    }),
    defineRoute({
      method: "post",
      path: "/v1/workers/:worker/drain",
      summary:
        "Let a worker hand over all its shards and take none; it goes on running. Ends with the DELETE, or with the process",
      scope: "ops:write",
      rate: "writes",
      answers: { 202: { description: "Asked; asking again changes nothing. Done when `shards` is 0", schema: Worker } },
      async handle({ params, logger }) {
        const worker = await fleet.setDraining(params["worker"]!, true);
        logger.info({ worker: worker.id, shards: worker.shards }, "an operator asked a worker to drain");
        return { status: 202, body: worker };
      },
    }),
    defineRoute({
      method: "delete",
      path: "/v1/workers/:worker/drain",
      summary: "Let a drained worker take shards again",
      scope: "ops:write",
      rate: "writes",
      answers: { 202: { description: "Asked; it is given shards by the next plans", schema: Worker } },
      async handle({ params, logger }) {
        const worker = await fleet.setDraining(params["worker"]!, false);
        logger.info({ worker: worker.id }, "an operator let a worker take shards again");
        return { status: 202, body: worker };
      },
    }),
    defineRoute({
      method: "get",
      path: "/v1/ops/shards",
      summary: "Which worker holds which shard, with counts of sessions, and the last moves",
      scope: "ops:read",
      rate: "reads",
      answers: { 200: { description: "The map", schema: FleetMap } },
      handle: async () => ({ status: 200, body: await fleet.map() }),
    }),
    defineRoute({
      method: "get",
      path: "/v1/sessions/:session/placement",
      summary: "Which worker runs a session, and which did before",
      scope: "sessions:read",
      rate: "reads",
      answers: { 200: { description: "The place", schema: Placement } },
      handle: async ({ tenant, params }) => ({
        status: 200,
        body: await sessions.placement(tenant.id, params["session"]!),
      }),
    }),
  ];
}
