import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import { Link } from "react-router";
import { formatCount, formatDuration, formatShare } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";
import { progressOf } from "../lib/words.ts";
import classes from "./campaign-figures.module.css";

/** The line under a bar: how far, how fast, how long still. */
export function CampaignFigures({ campaign }: { campaign: Campaign }) {
  const { totals, accepted, status, rate_per_minute: rate, eta } = campaign;
  const now = useNow(1_000);
  const { done } = progressOf(totals, accepted);
  const isRunning = status === "running";
  if (accepted === 0) return <div className={classes["line"]}>No recipients yet</div>;
  const leftMs = eta === null ? 0 : Date.parse(eta) - now;
  return (
    <div className={`${classes["line"]} numeric`}>
      <span>
        <strong>{formatCount(done)}</strong> of {formatCount(accepted)}
      </span>
      <span>{formatShare(done, accepted)}</span>
      {isRunning && rate !== null && <span>{formatCount(Math.round(rate))} a minute</span>}
      {isRunning && leftMs > 0 && <span>ends in {formatDuration(leftMs)}</span>}
      {totals.failed > 0 && (
        <Link className={classes["bad"]} to={`/messages?campaign=${campaign.id}&status=failed`}>
          {formatCount(totals.failed)} failed: why?
        </Link>
      )}
    </div>
  );
}
