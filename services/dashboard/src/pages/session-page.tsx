import { Anchor } from "@mantine/core";
import type { Session } from "@flotilla/shared/contract/http-sessions";
import { Link, useNavigate, useParams } from "react-router";
import { useServices } from "../app-context.tsx";
import { EmptyNote } from "../components/empty-note.tsx";
import { ErrorNote } from "../components/error-note.tsx";
import { Facts } from "../components/facts.tsx";
import { LoadingRows } from "../components/loading-rows.tsx";
import { MessageTable } from "../components/message-table.tsx";
import { Moment } from "../components/moment.tsx";
import { MoreButton } from "../components/more-button.tsx";
import { PageFrame } from "../components/page-frame.tsx";
import { QrPanel } from "../components/qr-panel.tsx";
import { SessionActions } from "../components/session-actions.tsx";
import { SessionState } from "../components/session-state.tsx";
import { Surface } from "../components/surface.tsx";
import { formatPhone } from "../lib/format-phone.ts";
import { queryKeys } from "../lib/query-keys.ts";
import { sessionTitle } from "../lib/session-title.ts";
import { useList } from "../lib/use-list.ts";
import { useSession } from "../lib/use-session.ts";
import classes from "./session-page.module.css";

/** One linked account: its link with the phone, what we know of it, and what passes through it. */
export function SessionPage() {
  const { id = "" } = useParams();
  const navigate = useNavigate();
  const session = useSession(id);
  const back = (
    <Anchor component={Link} to="/sessions" size="sm">
      Sessions
    </Anchor>
  );
  if (!session.data) {
    return (
      <PageFrame title="Session" back={back}>
        {session.isError ? (
          <ErrorNote what="The session could not be read." error={session.error} onRetry={session.refetch} />
        ) : (
          <LoadingRows />
        )}
      </PageFrame>
    );
  }
  return (
    <PageFrame
      title={sessionTitle(session.data)}
      lead={<SessionState session={session.data} sentence />}
      back={back}
      action={<SessionActions session={session.data} onDeleted={() => void navigate("/sessions")} />}
    >
      <div className={classes["top"]}>
        <Surface title="Link with the phone">
          <QrPanel session={session.data} />
        </Surface>
        <Surface title="Details">
          <SessionFacts session={session.data} />
        </Surface>
      </div>
      <RecentTraffic session={session.data} />
    </PageFrame>
  );
}

function SessionFacts({ session }: { session: Session }) {
  return (
    <Facts
      rows={[
        ["Number", session.phone === null ? "–" : formatPhone(session.phone)],
        ["Name on WhatsApp", session.push_name ?? "–"],
        ["Name in the API", <code key="name">{session.name}</code>],
        ["Network", session.network === "simulated" ? "Simulated" : "WhatsApp"],
        ["Asked to", session.desired === "running" ? "run" : "be stopped"],
        ["Since", <Moment key="since" at={session.status_since} />],
        ["Linked", session.paired_at === null ? "never" : <Moment key="paired" at={session.paired_at} />],
        ["Worker", session.worker_id === null ? "none" : <code key="worker">{session.worker_id.slice(0, 13)}</code>],
      ]}
    />
  );
}

function RecentTraffic({ session }: { session: Session }) {
  const { api } = useServices();
  const list = useList({
    key: queryKeys.messages({ session: session.id }),
    topic: `session:${session.id}`,
    read: (page) => api.messages({ ...page, session: session.id, limit: 20 }),
  });
  return (
    <Surface title="Recent traffic" flush>
      {list.isError && <ErrorNote what="Messages could not be read." error={list.error} onRetry={list.refetch} />}
      {list.isPending && <LoadingRows rows={3} />}
      {list.rows?.length === 0 && <EmptyNote>Nothing was sent or received yet.</EmptyNote>}
      {list.rows && list.rows.length > 0 && <MessageTable messages={list.rows} />}
      <MoreButton list={list} />
    </Surface>
  );
}
