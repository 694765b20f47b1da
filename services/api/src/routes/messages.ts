import {
  BatchResult,
  Message,
  MessageBatch,
  MessageCreate,
  MessageListQuery,
  MessagePage,
  MessageResolve,
} from "@flotilla/shared/contract/http-messages";
import { Timeline } from "@flotilla/shared/contract/http-timeline";
import { idCursor } from "../http/id-cursor.ts";
import { dayS, replayedHeaders } from "../http/idempotency.ts";
import { answerPage } from "../http/page-answer.ts";
import { readPreferWait } from "../http/prefer.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Announcer, MessageStore } from "../ports.ts";
import { readTimeline } from "../use-cases/explain-message.ts";
import { resolveMessage } from "../use-cases/resolve-message.ts";
import { sendBatch } from "../use-cases/send-batch.ts";
import { sendMessage } from "../use-cases/send-message.ts";
import { waitForMessage } from "../use-cases/wait-for-message.ts";

const MiB = 1_024 * 1_024;

/** Messages: send one or many, look at them, take one back, decide about one. */
export function messageRoutes(deps: { messages: MessageStore; announcer: Announcer }): Route[] {
  return [
    defineRoute({
      method: "post",
      path: "/v1/messages",
      summary: "Send a message; with `Prefer: wait=N` the answer waits until it is sent or has another end",
      scope: "messages:send",
      rate: "sends",
      body: MessageCreate,
      // There the kinds of content that cannot be sent yet are told before anything else.
      bodyIsCheckedByHandler: true,
      maxBytes: 8 * MiB,
      idempotencyTtlS: dayS,
      answers: {
        202: { description: "Stored; it will reach exactly one end", schema: Message },
        200: { description: "The same client_ref and content came before, or the wait was fulfilled", schema: Message },
      },
      async handle({ tenant, rawBody, idempotency, requestId, request, signal }) {
        const waitS = readPreferWait(request.get("prefer"));
        const { message, outcome, replayed } = await sendMessage(deps, {
          tenant: tenant.id,
          body: rawBody,
          idempotency,
          requestId,
        });
        const headers: Record<string, string> = {
          Location: `/v1/messages/${message.id}`,
          ...replayedHeaders(replayed),
        };
        if (waitS !== null) {
          const waitMs = waitS * 1_000;
          const settled = await waitForMessage(deps, { tenant: tenant.id, message, waitMs, signal });
          if (settled !== null)
            return { status: 200, body: settled, headers: { ...headers, "Preference-Applied": `wait=${waitS}` } };
        }
        return { status: outcome === "duplicate" ? 200 : 202, body: message, headers };
      },
    }),
    defineRoute({
      method: "post",
      path: "/v1/messages/batch",
      summary: "Send up to 1,000 messages in one transaction, each with its own outcome",
      scope: "messages:send",
      rate: "batches",
      body: MessageBatch,
      maxBytes: 10 * MiB,
      idempotencyTtlS: dayS,
      answers: { 202: { description: "What became of each item", schema: BatchResult } },
      async handle({ tenant, body, idempotency, requestId }) {
        const { result, replayed } = await sendBatch(deps, { tenant: tenant.id, body, idempotency, requestId });
        return { status: 202, body: result, headers: replayedHeaders(replayed) };
      },
    }),
    defineRoute({
      method: "get",
      path: "/v1/messages",
      summary: "List messages of both directions, newest first",
      scope: "messages:read",
      rate: "reads",
      query: MessageListQuery,
      answers: { 200: { description: "A page", schema: MessagePage } },
      handle: ({ tenant, query }) => answerPage(query, idCursor, (filters) => deps.messages.list(tenant.id, filters)),
    }),
    defineRoute({
      method: "get",
      path: "/v1/messages/:message",
      summary: "Read a message",
      scope: "messages:read",
      rate: "reads",
      answers: { 200: { description: "The message", schema: Message } },
      handle: async ({ tenant, params }) => ({
        status: 200,
        body: await deps.messages.get(tenant.id, params["message"]!),
      }),
    }),
    defineRoute({
      method: "get",
      path: "/v1/messages/:message/timeline",
      summary: "Why a message is where it is: one sentence, then every step",
      scope: "messages:read",
      rate: "reads",
      answers: { 200: { description: "The explanation and the steps, oldest first", schema: Timeline } },
      handle: async ({ tenant, params }) => ({
        status: 200,
        body: await readTimeline(deps, { tenant: tenant.id, id: params["message"]! }),
      }),
    }),
    defineRoute({
      method: "post",
      path: "/v1/messages/:message/cancel",
      summary: "Take back a message that has not left",
      scope: "messages:send",
      rate: "writes",
      answers: { 200: { description: "Canceled; asking again changes nothing", schema: Message } },
      async handle({ tenant, params, requestId }) {
        const { message, heads } = await deps.messages.cancel(tenant.id, params["message"]!, requestId);
        deps.announcer.announce({ heads });
        return { status: 200, body: message };
      },
    }),
    defineRoute({
      method: "post",
      path: "/v1/messages/:message/resolve",
      summary: "Decide about a message that got no answer, or release one that is held for review",
      scope: "messages:send",
      rate: "writes",
      body: MessageResolve,
      answers: {
        200: { description: "The message as decided; evidence that comes later still counts", schema: Message },
      },
      handle: async ({ tenant, params, body, requestId }) => ({
        status: 200,
        body: await resolveMessage(deps, { tenant: tenant.id, id: params["message"]!, as: body.as, requestId }),
      }),
    }),
  ];
}
