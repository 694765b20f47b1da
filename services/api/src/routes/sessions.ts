import { Session, SessionCreate, SessionListQuery, SessionPage } from "@flotilla/shared/contract/http-sessions";
import { idCursor } from "../http/id-cursor.ts";
import { replayedHeaders, weekS } from "../http/idempotency.ts";
import { answerPage } from "../http/page-answer.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { controlSession, sessionRequests } from "../use-cases/control-session.ts";
import { createSession, type CreateSessionDeps } from "../use-cases/create-session.ts";

/** Sessions: make, list, read, and ask something of one. */
export function sessionRoutes(deps: CreateSessionDeps): Route[] {
  return [
    defineRoute({
      method: "post",
      path: "/v1/sessions",
      summary: "Make a session; with `start` it will offer a QR code",
      scope: "sessions:write",
      rate: "writes",
      body: SessionCreate,
      idempotencyTtlS: weekS,
      answers: { 201: { description: "Stored; a worker takes it up", schema: Session } },
      async handle({ tenant, body, idempotency, requestId }) {
        const { session, replayed } = await createSession(deps, { tenant: tenant.id, body, idempotency, requestId });
        const headers = { Location: `/v1/sessions/${session.id}`, ...replayedHeaders(replayed) };
        return { status: 201, body: session, headers };
      },
    }),
    defineRoute({
      method: "get",
      path: "/v1/sessions",
      summary: "List sessions, newest first",
      scope: "sessions:read",
      rate: "reads",
      query: SessionListQuery,
      answers: { 200: { description: "A page", schema: SessionPage } },
      handle: ({ tenant, query }) => answerPage(query, idCursor, (filters) => deps.sessions.list(tenant.id, filters)),
    }),
    defineRoute({
      method: "get",
      path: "/v1/sessions/:session",
      summary: "Read a session by id or name",
      scope: "sessions:read",
      rate: "reads",
      answers: { 200: { description: "The session", schema: Session } },
      handle: async ({ tenant, params }) => ({
        status: 200,
        body: await deps.sessions.get(tenant.id, params["session"]!),
      }),
    }),
    defineRoute({
      method: "delete",
      path: "/v1/sessions/:session",
      summary: "Stop a session, unlink its device, and forget it after 7 days",
      scope: "sessions:write",
      rate: "writes",
      answers: { 202: { description: "Asked; the session is gone from lists", schema: Session } },
      handle: async ({ tenant, params, requestId }) => ({
        status: 202,
        body: await controlSession(deps, { tenant: tenant.id, ref: params["session"]!, request: "delete", requestId }),
      }),
    }),
    ...sessionRequests.map((request) =>
      defineRoute({
        method: "post",
        path: `/v1/sessions/:session/${request}`,
        summary: summaries[request],
        scope: "sessions:write",
        rate: "writes",
        answers: { 202: { description: "Asked; asking again changes nothing", schema: Session } },
        handle: async ({ tenant, params, requestId }) => ({
          status: 202,
          body: await controlSession(deps, { tenant: tenant.id, ref: params["session"]!, request, requestId }),
        }),
      }),
    ),
  ];
}

const summaries = {
  start: "Ask a session to run: it connects, or offers a QR code when it is not linked",
  stop: "Ask a session to stop; its link to the phone is kept",
  restart: "Close the connection and open it again",
  logout: "Unlink the device at WhatsApp and forget its credentials",
} as const;
