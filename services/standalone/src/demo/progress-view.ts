import { MultiBar, type SingleBar } from "cli-progress";

import { paceOf, type Progress } from "./progress.ts";

/** Headless, one line in this time. */
const PLAIN_EVERY_MS = 5_000;
/** The rate is of this last while. */
const PACE_WINDOW_MS = 5_000;

/** Shows how the campaign goes, and other sentences without disturbing the bar. */
export type ProgressView = {
  show(progress: Progress): void;
  say(sentence: string): void;
  /** Leaves the last state on the screen. */
  end(): void;
};

/** A bar on a terminal, one plain line every 5 s otherwise. */
export function openProgressView(total: number, plain: boolean): ProgressView {
  const samples: Array<{ atMs: number; sent: number }> = [];
  const pace = (progress: Progress) => {
    const atMs = performance.now();
    samples.push({ atMs, sent: progress.sent });
    while (samples.length > 2 && atMs - (samples[0]?.atMs ?? 0) > PACE_WINDOW_MS) samples.shift();
    return paceOf(samples, progress.accepted);
  };
  return plain ? plainView(pace) : barView(total, pace);
}

type Pace = (progress: Progress) => ReturnType<typeof paceOf>;

function plainView(pace: Pace): ProgressView {
  let last: Progress | null = null;
  const print = () => {
    if (last) console.log(` Campaign  ${last.sent} / ${last.accepted}  ${details(last, pace(last))}`);
  };
  const timer = setInterval(print, PLAIN_EVERY_MS);
  return {
    show: (progress) => {
      last = progress;
    },
    say: (sentence) => console.log(` ${sentence}`),
    end: () => {
      clearInterval(timer);
      print();
    },
  };
}

function barView(total: number, pace: Pace): ProgressView {
  const bars = new MultiBar({
    format: " Campaign  {bar}  {value} / {total}  {percentage} %  {details}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    fps: 5,
    hideCursor: true,
    noTTYOutput: false,
  });
  const bar: SingleBar = bars.create(total, 0, { details: "" });
  return {
    show: (progress) => {
      if (progress.accepted > 0) bar.setTotal(progress.accepted);
      bar.update(progress.sent, { details: details(progress, pace(progress)) });
    },
    say: (sentence) => bars.log(` ${sentence}\n`),
    end: () => bars.stop(),
  };
}

function details(progress: Progress, pace: ReturnType<typeof paceOf>): string {
  const speed = pace ? `${pace.perSecond.toFixed(0)}/s  ETA ${clock(pace.etaSeconds)}  ` : "";
  const { waiting, delivered, read, held, failed } = progress;
  return `${speed}queued ${waiting}  delivered ${delivered}  read ${read}  held ${held}  failed ${failed}`;
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
