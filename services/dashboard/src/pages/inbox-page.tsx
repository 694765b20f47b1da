import { ActionIcon, Button } from "@mantine/core";
import { IconArrowLeft, IconMessages, IconPencilPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { useServices } from "../app-context.tsx";
import { ChatList } from "../components/chat-list.tsx";
import { Conversation } from "../components/conversation.tsx";
import { EmptyNote } from "../components/empty-note.tsx";
import { ErrorNote } from "../components/error-note.tsx";
import { LoadingRows } from "../components/loading-rows.tsx";
import { MoreButton } from "../components/more-button.tsx";
import { NewMessageDialog } from "../components/new-message-dialog.tsx";
import { SuppressionControl } from "../components/suppression-control.tsx";
import { partyName } from "../lib/format.ts";
import { formatPhone } from "../lib/format-phone.ts";
import { queryKeys } from "../lib/query-keys.ts";
import { sessionTitle } from "../lib/session-title.ts";
import { useMay } from "../lib/use-account.ts";
import { useList } from "../lib/use-list.ts";
import { useSession } from "../lib/use-session.ts";
import { readSteady } from "../live/read-steady.ts";
import classes from "./inbox-page.module.css";

/** Chats on one side, the open conversation on the other; one at a time where width is short. */
export function InboxPage() {
  const { api } = useServices();
  const { id } = useParams();
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const [isWriting, setWriting] = useState(false);
  const maySend = useMay("messages:send");
  const session = search.get("session") ?? undefined;
  const list = useList({
    key: queryKeys.chats({ session }),
    topic: "inbox",
    read: (page) => api.chats({ ...page, session, limit: 50 }),
  });
  useEffect(() => {
    document.title = "Inbox · Flotilla";
  }, []);
  const write = maySend && (
    <Button size="xs" leftSection={<IconPencilPlus size={15} />} onClick={() => setWriting(true)}>
      New message
    </Button>
  );
  return (
    <div className={classes["inbox"]} data-open={id !== undefined || undefined}>
      <section className={classes["chats"]} aria-label="Chats">
        <header className={classes["head"]}>
          <h1 className={classes["title"]}>Inbox</h1>
          {write}
        </header>
        {session !== undefined && <SessionFilter id={session} onClear={() => setSearch({})} />}
        <div className={classes["scroll"]}>
          {list.isError && <ErrorNote what="Chats could not be read." error={list.error} onRetry={list.refetch} />}
          {list.isPending && <LoadingRows rows={6} height={52} />}
          {list.rows?.length === 0 && (
            <EmptyNote icon={<IconMessages aria-hidden size={22} />} action={write}>
              Nobody has written yet.
            </EmptyNote>
          )}
          {list.rows && <ChatList chats={list.rows} search={search.toString()} />}
          <MoreButton list={list} />
        </div>
      </section>
      <section className={classes["talk"]} aria-label="Conversation">
        {id === undefined ? (
          <div className={classes["none"]}>
            <EmptyNote icon={<IconMessages aria-hidden size={22} />}>Choose a chat to read it.</EmptyNote>
          </div>
        ) : (
          <OpenChat key={id} id={id} />
        )}
      </section>
      {isWriting && (
        <NewMessageDialog
          onClose={() => setWriting(false)}
          onSent={(message) => {
            setWriting(false);
            void navigate(`/inbox/${message.chat_id}`);
          }}
        />
      )}
    </div>
  );
}

function SessionFilter({ id, onClear }: { id: string; onClear: () => void }) {
  const session = useSession(id);
  return (
    <div className={classes["filter"]}>
      <Button size="compact-xs" variant="light" rightSection={<IconX size={12} />} onClick={onClear}>
        Only {session.data ? sessionTitle(session.data) : "one session"}
      </Button>
    </div>
  );
}

function OpenChat({ id }: { id: string }) {
  const { api, realtime } = useServices();
  const chat = useQuery({
    queryKey: queryKeys.chat(id),
    queryFn: ({ signal }) => readSteady(realtime.memory, id, () => api.chat(id, signal)),
  });
  if (!chat.data) {
    return chat.isError ? (
      <ErrorNote what="The chat could not be read." error={chat.error} onRetry={chat.refetch} />
    ) : (
      <LoadingRows />
    );
  }
  const { party } = chat.data;
  return (
    <>
      <header className={classes["head"]}>
        <ActionIcon
          component={Link}
          to="/inbox"
          variant="subtle"
          color="gray"
          size="lg"
          className={classes["back"]}
          aria-label="Back to the chats"
        >
          <IconArrowLeft size={18} />
        </ActionIcon>
        <div className={classes["who"]}>
          <h2 className={classes["title"]}>{partyName(party)}</h2>
          <ChatOrigin sessionId={chat.data.session_id} phone={party.display_name === null ? null : party.phone} />
        </div>
        <SuppressionControl chat={chat.data} />
      </header>
      <Conversation chat={chat.data} />
    </>
  );
}

function ChatOrigin({ sessionId, phone }: { sessionId: string; phone: string | null }) {
  const session = useSession(sessionId);
  return (
    <span className={classes["origin"]}>
      {phone !== null && `${formatPhone(phone)} · `}
      {session.data && <Link to={`/sessions/${sessionId}`}>{sessionTitle(session.data)}</Link>}
    </span>
  );
}
