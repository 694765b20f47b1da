import { Button } from "@mantine/core";
import type { SessionStatus } from "@flotilla/shared/contract/statuses";
import { IconPlus, IconSpeakerphone } from "@tabler/icons-react";
import { Link } from "react-router";
import { useServices } from "../app-context.tsx";
import { CampaignCard } from "../components/campaign-card.tsx";
import { EmptyNote } from "../components/empty-note.tsx";
import { ErrorNote } from "../components/error-note.tsx";
import { Figure } from "../components/figure.tsx";
import { LoadingRows } from "../components/loading-rows.tsx";
import { PageFrame } from "../components/page-frame.tsx";
import { StatusMark } from "../components/status-mark.tsx";
import { Surface } from "../components/surface.tsx";
import { formatAgo } from "../lib/format.ts";
import { queryKeys } from "../lib/query-keys.ts";
import { useMay, useOverview } from "../lib/use-account.ts";
import { useList } from "../lib/use-list.ts";
import { useNow } from "../lib/use-now.ts";
import { sessionWords } from "../lib/words.ts";
import { useLive } from "../live/use-live.ts";
import classes from "./dashboard-page.module.css";

/** The state of everything at a glance; each figure opens the list it counts. */
export function DashboardPage() {
  const overview = useOverview();
  useLive("inbox", overview.data);
  const now = useNow(20_000);
  if (!overview.data) {
    return overview.isError ? (
      <ErrorNote what="The figures could not be read." error={overview.error} onRetry={overview.refetch} />
    ) : (
      <LoadingRows />
    );
  }
  const { sessions, messages, waiting } = overview.data;
  const count = (key: string): number => messages[key] ?? 0;
  const total = Object.values(sessions).reduce((sum, value) => sum + value, 0);
  const connected = sessions["connected"] ?? 0;
  return (
    <PageFrame title="Dashboard" lead="Messages of the last 24 hours, by where they stand now">
      <div className={classes["figures"]}>
        <Figure
          label="Connected"
          value={connected}
          of={total}
          note="sessions"
          to={connected > 0 ? "/sessions?status=connected" : "/sessions"}
        />
        <Figure
          label="Waiting"
          value={waiting.queued}
          note={waiting.oldest_at === null ? "nothing is held up" : `oldest ${formatAgo(waiting.oldest_at, now)}`}
          to="/messages?direction=out&status=queued"
        />
        <Figure label="Sent" value={count("out.sent")} note="on the server" to="/messages?direction=out&status=sent" />
        <Figure
          label="Delivered"
          value={count("out.delivered")}
          note="on a device"
          to="/messages?direction=out&status=delivered"
        />
        <Figure
          label="Read"
          value={count("out.read")}
          note="seen by a person"
          to="/messages?direction=out&status=read"
        />
        <Figure
          label="Failed"
          value={count("out.failed")}
          note="refused for good"
          alarming
          to="/messages?direction=out&status=failed"
        />
        <Figure
          label="Received"
          value={Object.entries(messages).reduce((sum, [key, value]) => (key.startsWith("in.") ? sum + value : sum), 0)}
          note="from people"
          to="/messages?direction=in"
        />
      </div>
      <RunningCampaigns />
      <Surface title="Sessions by status">
        {total === 0 ? (
          <EmptyNote action={<NewSessionLink />}>No WhatsApp account is linked yet.</EmptyNote>
        ) : (
          <div className={classes["statuses"]}>
            {(Object.keys(sessionWords) as SessionStatus[])
              .filter((status) => (sessions[status] ?? 0) > 0)
              .map((status) => (
                <Link key={status} to={`/sessions?status=${status}`} className={classes["status"]}>
                  <StatusMark {...sessionWords[status]} />
                  <strong className="numeric">{sessions[status]}</strong>
                </Link>
              ))}
          </div>
        )}
      </Surface>
    </PageFrame>
  );
}

function NewSessionLink() {
  return useMay("sessions:write") ? (
    <Button component={Link} to="/sessions?new" leftSection={<IconPlus size={16} />}>
      Link an account
    </Button>
  ) : null;
}

function RunningCampaigns() {
  const { api } = useServices();
  const mayWrite = useMay("campaigns:write");
  const list = useList({
    key: queryKeys.campaigns({ status: "running" }),
    topic: null,
    read: (page) => api.campaigns({ ...page, status: "running", limit: 10 }),
  });
  return (
    <Surface
      title="Running campaigns"
      action={
        <Button component={Link} to="/campaigns" variant="subtle" size="compact-sm">
          All campaigns
        </Button>
      }
      flush
    >
      {list.isError && !list.rows && (
        <ErrorNote what="Campaigns could not be read." error={list.error} onRetry={list.refetch} />
      )}
      {list.isPending && <LoadingRows rows={2} height={72} />}
      {list.rows?.length === 0 && (
        <EmptyNote
          icon={<IconSpeakerphone aria-hidden size={22} />}
          action={
            mayWrite && (
              <Button component={Link} to="/campaigns/new" variant="default">
                New campaign
              </Button>
            )
          }
        >
          No campaign is running.
        </EmptyNote>
      )}
      {list.rows?.map((campaign) => (
        <CampaignCard key={campaign.id} campaign={campaign} />
      ))}
    </Surface>
  );
}
