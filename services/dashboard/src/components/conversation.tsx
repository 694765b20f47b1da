import type { Chat } from "@flotilla/shared/contract/http-chats";
import type { Message } from "@flotilla/shared/contract/http-messages";
import { useEffect, useMemo } from "react";
import { useServices } from "../app-context.tsx";
import { partyName } from "../lib/format.ts";
import { messageText } from "../lib/message-text.ts";
import { queryKeys } from "../lib/query-keys.ts";
import { useMay } from "../lib/use-account.ts";
import { useList } from "../lib/use-list.ts";
import { useSendMessage } from "../lib/use-send-message.ts";
import { type Bubble, Bubbles } from "./bubbles.tsx";
import { Composer } from "./composer.tsx";
import { EmptyNote } from "./empty-note.tsx";
import { ErrorNote } from "./error-note.tsx";
import { LoadingRows } from "./loading-rows.tsx";
import { MoreButton } from "./more-button.tsx";

const toBubble = (message: Message): Bubble => ({
  id: message.id,
  text: messageText(message),
  at: message.accepted_at,
  isOwn: message.direction === "out",
  status: message.direction === "out" ? message.status : null,
  failure: message.failure?.code ?? null,
});

const byTime = (one: Message, other: Message): number =>
  one.accepted_at.localeCompare(other.accepted_at) || one.id.localeCompare(other.id);

/** One conversation: its lines with ticks, and a place to write. Opening it marks it read. */
export function Conversation({ chat }: { chat: Chat }) {
  const { api } = useServices();
  const maySend = useMay("messages:send");
  const send = useSendMessage();
  const list = useList({
    key: queryKeys.chatMessages(chat.id),
    topic: "inbox",
    read: (page) => api.chatMessages(chat.id, { ...page, limit: 50 }),
  });
  const bubbles = useMemo(() => (list.rows ?? []).toSorted(byTime).map(toBubble), [list.rows]);
  const isUnread = chat.unread > 0;
  useEffect(() => {
    // A failure leaves the chat unread, which says it; the next message tries again.
    if (isUnread && maySend) api.markChatRead(chat.id).catch(() => undefined);
  }, [api, chat.id, isUnread, maySend]);

  const name = partyName(chat.party);
  return (
    <>
      <MoreButton list={list} label="Show earlier messages" />
      {list.isError && !list.rows && (
        <ErrorNote what="The conversation could not be read." error={list.error} onRetry={list.refetch} />
      )}
      {list.isPending && <LoadingRows />}
      {list.rows?.length === 0 && <EmptyNote>Nothing was written here yet.</EmptyNote>}
      {bubbles.length > 0 && <Bubbles bubbles={bubbles} label={`Conversation with ${name}`} />}
      {maySend && (
        <Composer
          label={`Message to ${name}`}
          placeholder="Write a message"
          send={(body) => send({ session: chat.session_id, to: chat.party.phone ?? chat.party.jid, body })}
        />
      )}
    </>
  );
}
