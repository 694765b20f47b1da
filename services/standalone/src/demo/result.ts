import Table from "cli-table3";

import type { Progress } from "./progress.ts";

/** What the demo found; the form of `--json`. */
export type DemoResult = {
  accepted: number;
  sent: number;
  delivered: number;
  read: number;
  failed: number;
  /** Sent as we say, and shown by no phone. */
  lost: number;
  /** Seen again by a person. */
  duplicates: number;
  /** From the start to the last acknowledgement. */
  seconds: number;
  messages_per_second: number;
};

export function resultOf(progress: Progress, lost: number, duplicates: number, elapsedMs: number): DemoResult {
  const { accepted, sent, delivered, read, failed } = progress;
  const seconds = Math.round(elapsedMs / 10) / 100;
  const messagesPerSecond = seconds > 0 ? Math.round((sent / seconds) * 10) / 10 : 0;
  return { accepted, sent, delivered, read, failed, lost, duplicates, seconds, messages_per_second: messagesPerSecond };
}

/** Whether the demo may call itself a success: all accepted messages have an end, none was lost, none came twice. */
export function isClean(result: DemoResult, progress: Progress): boolean {
  return result.lost === 0 && result.duplicates === 0 && progress.addsUp && progress.waiting === 0;
}

/** The final table. */
export function renderResult(result: DemoResult, progress: Progress, color: boolean): string {
  const table = new Table({
    head: ["accepted", "sent", "delivered", "read", "failed", "lost", "duplicates", "messages/s", "totals"],
    colAligns: Array.from({ length: 9 }, () => "right" as const),
    style: color ? {} : { head: [], border: [] },
  });
  const { accepted, sent, delivered, read, failed, lost, duplicates } = result;
  table.push([
    ...[accepted, sent, delivered, read, failed, lost, duplicates].map(String),
    result.messages_per_second.toFixed(1),
    progress.addsUp ? "add up" : "DO NOT ADD UP",
  ]);
  return table.toString();
}
