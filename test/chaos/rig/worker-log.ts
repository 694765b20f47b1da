import type { HistoryEvent } from "../history/events.ts";

type LogWhat = Extract<HistoryEvent, { kind: "log" }>["what"];

/** What a line of a worker's log says to a history: whose line it is, and whether it is one of those that matter. */
export function readWorkerLine(line: string): { worker: string | null; what: LogWhat | null } {
  const fields = parse(line);
  const worker = typeof fields["instance"] === "string" ? fields["instance"] : null;
  return { worker, what: typeof fields["msg"] === "string" ? meaningOf(fields["msg"], line) : null };
}

function meaningOf(text: string, line: string): LogWhat | null {
  if (text.includes("every shard is dropped at once") || text.includes("is dropped: another worker has it"))
    return "fenced";
  if (text.startsWith("a QR code was issued")) return "paired-anew";
  if (text.startsWith("a job failed") && line.includes("stalled more than")) return "job-given-up";
  if (/^session \S+ is conflict\b/.test(text)) return "replaced";
  return null;
}

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}
