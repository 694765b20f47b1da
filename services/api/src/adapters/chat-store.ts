import { Chat, Overview } from "@flotilla/shared/contract/http-chats";
import { AppError } from "@flotilla/shared/contract/problem";
import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { ChatStore } from "../ports.ts";
import { readPage } from "./read-page.ts";
import { unlessRefused } from "./refusals.ts";

const Marked = z.object({ heads: z.record(z.string(), z.int()) });

/** Conversations, and the figures of the first page. */
export function createChatStore(client: ServiceClient): ChatStore {
  return {
    list: (tenant, filters) => readPage(client, "list_chats", { tenant, filters, item: Chat }),
    async get(tenant, id) {
      const args = { p_tenant: tenant, p_chat: id };
      const found = await callFunction(client, "get_chat", args, { schema: Chat.nullable() });
      if (found === null) throw new AppError("not_found", "There is no such chat");
      return found;
    },
    async markRead(tenant, id) {
      const args = { p_tenant: tenant, p_chat: id };
      return Marked.parse(unlessRefused(await callFunction(client, "read_chat", args), "chat"));
    },
    overview: (tenant) => callFunction(client, "tenant_overview", { p_tenant: tenant }, { schema: Overview }),
  };
}
