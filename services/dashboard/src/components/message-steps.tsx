import type { TimelineEntry, TimelineKind } from "@flotilla/shared/contract/http-timeline";
import { formatClock, formatUtc } from "../lib/format.ts";
import type { Tone } from "../lib/words.ts";
import classes from "./message-steps.module.css";

const tones: Readonly<Record<TimelineKind, Tone>> = {
  accepted: "quiet",
  received: "good",
  scheduled: "quiet",
  held: "attention",
  queued: "quiet",
  claimed: "busy",
  taken_over: "attention",
  resent: "busy",
  returned: "attention",
  unknown: "attention",
  ack: "good",
  delivered: "good",
  read: "good",
  played: "good",
  failed: "bad",
  canceled: "quiet",
  expired: "quiet",
};

/** The steps of one message on a line, oldest first, with their time to the millisecond. */
export function MessageSteps({ entries }: { entries: readonly TimelineEntry[] }) {
  return (
    <ol className={classes["steps"]} aria-label="What happened to the message">
      {entries.map(({ at, kind, detail }, index) => (
        // Steps are only ever appended: a place is a step's identity.
        // oxlint-disable-next-line react/no-array-index-key
        <li key={index} className={classes["step"]} data-tone={tones[kind]}>
          <span className={classes["text"]}>{detail.text}</span>
          <time className={`${classes["at"]} numeric`} dateTime={at} title={formatUtc(at)}>
            {formatClock(at)}
          </time>
        </li>
      ))}
    </ol>
  );
}
