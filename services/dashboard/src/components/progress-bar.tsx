import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import { formatCount, formatShare } from "../lib/format.ts";
import { progressOf } from "../lib/words.ts";
import classes from "./progress-bar.module.css";

/** One bar of stacked totals: the furthest first. With `legend`, each part by name and number. */
export function ProgressBar({ campaign, legend = false }: { campaign: Campaign; legend?: boolean }) {
  const { accepted, totals, name } = campaign;
  const { parts, done } = progressOf(totals, accepted);
  return (
    <div>
      <div
        className={classes["bar"]}
        role="progressbar"
        aria-label={`Progress of ${name}`}
        aria-valuemin={0}
        aria-valuemax={accepted}
        aria-valuenow={done}
        aria-valuetext={`${formatCount(done)} of ${formatCount(accepted)}, ${formatShare(done, accepted)}`}
      >
        {parts.map((part) => (
          <span key={part.key} className={classes["part"]} data-part={part.key} style={{ flexGrow: part.count }} />
        ))}
      </div>
      {legend && parts.length > 0 && (
        <dl className={classes["legend"]}>
          {parts.map((part) => (
            <div key={part.key} className={classes["entry"]}>
              <dt>
                <span className={classes["swatch"]} data-part={part.key} aria-hidden />
                {part.label}
              </dt>
              <dd className="numeric">{formatCount(part.count)}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
