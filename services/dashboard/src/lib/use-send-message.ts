import { mintUuid } from "@flotilla/shared/contract/ids";
import type { Message } from "@flotilla/shared/contract/http-messages";
import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useServices } from "../app-context.tsx";
import type { Page } from "../live/fold-pages.ts";
import { queryKeys } from "./query-keys.ts";

/** Sends one text and shows it in its conversation at once; the events that follow move its ticks. */
export function useSendMessage(): (message: { session: string; to: string; body: string }) => Promise<Message> {
  const { api } = useServices();
  const queryClient = useQueryClient();
  return useCallback(
    async ({ session, to, body }) => {
      const message = await api.sendMessage({ session, to, type: "text", text: { body } }, mintUuid());
      queryClient.setQueryData<InfiniteData<Page<Message>>>(queryKeys.chatMessages(message.chat_id), (list) => {
        const [first, ...rest] = list?.pages ?? [];
        if (!list || !first || list.pages.some((page) => page.data.some(({ id }) => id === message.id))) return list;
        return { ...list, pages: [{ ...first, data: [message, ...first.data] }, ...rest] };
      });
      return message;
    },
    [api, queryClient],
  );
}
