import { Anchor, Button } from "@mantine/core";
import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { useServices } from "../app-context.tsx";
import { CampaignActions } from "../components/campaign-actions.tsx";
import { CampaignFigures } from "../components/campaign-figures.tsx";
import { ErrorNote } from "../components/error-note.tsx";
import { Facts } from "../components/facts.tsx";
import { LineErrors } from "../components/line-errors.tsx";
import { LoadingRows } from "../components/loading-rows.tsx";
import { Moment } from "../components/moment.tsx";
import { PageFrame } from "../components/page-frame.tsx";
import { ProgressBar } from "../components/progress-bar.tsx";
import { RecipientsForm } from "../components/recipients-form.tsx";
import { StatusMark } from "../components/status-mark.tsx";
import { Surface } from "../components/surface.tsx";
import { formatCount, formatReason } from "../lib/format.ts";
import { queryKeys } from "../lib/query-keys.ts";
import { useMay } from "../lib/use-account.ts";
import { campaignWords } from "../lib/words.ts";
import { readSteady } from "../live/read-steady.ts";
import classes from "./campaign-page.module.css";

/** One campaign: how far it is, what was not taken of its list, and the requests that steer it. */
export function CampaignPage() {
  const { api, realtime } = useServices();
  const { id = "" } = useParams();
  const campaign = useQuery({
    queryKey: queryKeys.campaign(id),
    queryFn: ({ signal }) => readSteady(realtime.memory, id, () => api.campaign(id, signal)),
  });
  const back = (
    <Anchor component={Link} to="/campaigns" size="sm">
      Campaigns
    </Anchor>
  );
  if (!campaign.data) {
    return (
      <PageFrame title="Campaign" back={back}>
        {campaign.isError ? (
          <ErrorNote what="The campaign could not be read." error={campaign.error} onRetry={campaign.refetch} />
        ) : (
          <LoadingRows />
        )}
      </PageFrame>
    );
  }
  return (
    <PageFrame
      title={campaign.data.name}
      back={back}
      lead={<CampaignState campaign={campaign.data} />}
      action={<CampaignActions campaign={campaign.data} />}
    >
      <CampaignBody campaign={campaign.data} />
    </PageFrame>
  );
}

function CampaignState({ campaign }: { campaign: Campaign }) {
  const { status, status_reason } = campaign;
  return (
    <span className={classes["state"]}>
      <StatusMark {...campaignWords[status]} />
      {status_reason !== null && formatReason(status_reason)}
    </span>
  );
}

function CampaignBody({ campaign }: { campaign: Campaign }) {
  const mayWrite = useMay("campaigns:write");
  const { totals, accepted, status, id } = campaign;
  const refused = totals.invalid + totals.duplicate + totals.suppressed;
  return (
    <>
      <Surface
        title="Progress"
        action={
          accepted > 0 && (
            <Button component={Link} to={`/messages?campaign=${id}`} variant="subtle" size="compact-sm">
              Its messages
            </Button>
          )
        }
      >
        <div className={classes["progress"]}>
          <ProgressBar campaign={campaign} legend />
          <CampaignFigures campaign={campaign} />
        </div>
      </Surface>
      {status === "draft" && mayWrite && (
        <Surface title="Recipients">
          <RecipientsForm campaignId={id} />
        </Surface>
      )}
      <div className={classes["pair"]}>
        <Surface title="Text">
          <p className={classes["text"]}>{campaign.content.text?.body}</p>
        </Surface>
        <Surface title="Details">
          <Facts
            rows={[
              ["Lines received", formatCount(totals.received)],
              ["Accepted", formatCount(accepted)],
              ["Duplicate", formatCount(totals.duplicate)],
              ["Invalid", formatCount(totals.invalid)],
              ["Sessions", formatCount(campaign.sessions.length)],
              ["Created", <Moment key="created" at={campaign.created_at} />],
              ["Started", campaign.started_at === null ? "–" : <Moment key="started" at={campaign.started_at} />],
              ["Finished", campaign.finished_at === null ? "–" : <Moment key="finished" at={campaign.finished_at} />],
            ]}
          />
        </Surface>
      </div>
      {refused > 0 && <LineErrors campaignId={id} />}
    </>
  );
}
