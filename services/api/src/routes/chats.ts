import { Chat, ChatListQuery, ChatPage } from "@flotilla/shared/contract/http-chats";
import { PageQuery } from "@flotilla/shared/contract/http-common";
import { MessagePage } from "@flotilla/shared/contract/http-messages";
import { activityCursor, idCursor } from "../http/id-cursor.ts";
import { answerPage } from "../http/page-answer.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Announcer, ChatStore, MessageStore } from "../ports.ts";

/** Conversations: list, read, their messages, and "I have read this". */
export function chatRoutes(deps: { chats: ChatStore; messages: MessageStore; announcer: Announcer }): Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/v1/chats",
      summary: "List conversations, latest activity first",
      scope: "messages:read",
      rate: "reads",
      query: ChatListQuery,
      answers: { 200: { description: "A page", schema: ChatPage } },
      handle: ({ tenant, query }) =>
        answerPage(query, activityCursor, (filters) => deps.chats.list(tenant.id, filters)),
    }),
    defineRoute({
      method: "get",
      path: "/v1/chats/:chat",
      summary: "Read a conversation",
      scope: "messages:read",
      rate: "reads",
      answers: { 200: { description: "The conversation", schema: Chat } },
      handle: async ({ tenant, params }) => ({
        status: 200,
        body: await deps.chats.get(tenant.id, params["chat"]!),
      }),
    }),
    defineRoute({
      method: "get",
      path: "/v1/chats/:chat/messages",
      summary: "The messages of a conversation, newest first",
      scope: "messages:read",
      rate: "reads",
      query: PageQuery.strict(),
      answers: { 200: { description: "A page", schema: MessagePage } },
      async handle({ tenant, params, query }) {
        const chat = params["chat"]!;
        await deps.chats.get(tenant.id, chat);
        return answerPage(query, idCursor, (filters) => deps.messages.list(tenant.id, filters), { chat });
      },
    }),
    defineRoute({
      method: "post",
      path: "/v1/chats/:chat/read",
      summary: "Mark a conversation as read on our side",
      scope: "messages:send",
      rate: "writes",
      answers: { 204: { description: "Done" } },
      async handle({ tenant, params }) {
        const { heads } = await deps.chats.markRead(tenant.id, params["chat"]!);
        deps.announcer.announce({ heads });
        return { status: 204 };
      },
    }),
  ];
}
