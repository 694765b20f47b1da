import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import { Link } from "react-router";
import { formatReason } from "../lib/format.ts";
import { campaignWords } from "../lib/words.ts";
import classes from "./campaign-card.module.css";
import { CampaignFigures } from "./campaign-figures.tsx";
import { Moment } from "./moment.tsx";
import { ProgressBar } from "./progress-bar.tsx";
import { StatusMark } from "./status-mark.tsx";

/** One campaign in a list: name, state, bar, and how fast it goes. */
export function CampaignCard({ campaign }: { campaign: Campaign }) {
  const { id, name, status, status_reason, created_at } = campaign;
  return (
    <article className={classes["card"]}>
      <div className={classes["head"]}>
        <Link to={`/campaigns/${id}`} className={classes["name"]}>
          {name}
        </Link>
        <StatusMark {...campaignWords[status]} />
        {status_reason !== null && <span className={classes["reason"]}>{formatReason(status_reason)}</span>}
        <span className={classes["when"]}>
          <Moment at={created_at} />
        </span>
      </div>
      {campaign.accepted > 0 && <ProgressBar campaign={campaign} />}
      <CampaignFigures campaign={campaign} />
    </article>
  );
}
