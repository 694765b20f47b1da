import { Me, Overview } from "@flotilla/shared/contract/http-chats";
import { defineRoute, type Route } from "../http/route.ts";
import type { ChatStore } from "../ports.ts";

/** Who the caller is, and the figures of the first page. */
export function meRoutes(deps: { chats: ChatStore; simulator: boolean }): Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/v1/me",
      summary: "Who the credential is, and what it may do",
      scope: null,
      rate: "reads",
      answers: { 200: { description: "You", schema: Me } },
      handle: async ({ tenant, member, scopes }) => ({
        status: 200,
        body: { tenant, member, scopes, simulator: deps.simulator },
      }),
    }),
    defineRoute({
      method: "get",
      path: "/v1/overview",
      summary: "Counts of sessions and messages, with the event sequence they were read at",
      scope: "messages:read",
      rate: "reads",
      answers: { 200: { description: "The figures", schema: Overview } },
      handle: async ({ tenant }) => ({ status: 200, body: await deps.chats.overview(tenant.id) }),
    }),
  ];
}
