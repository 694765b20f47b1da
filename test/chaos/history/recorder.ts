import { createWriteStream } from "node:fs";
import { once } from "node:events";
import type { HistoryEvent } from "./events.ts";

/** Without the moment, which the recorder adds. Spread over the union so that each kind keeps its own fields. */
export type NewEvent = HistoryEvent extends infer Event
  ? Event extends HistoryEvent
    ? Omit<Event, "at">
    : never
  : never;

/** Takes what every actor does and sees, in this process, so that one monotonic clock orders it. */
export interface Recorder {
  readonly file: string;
  /** @param at when it happened, if not now */
  note: (event: NewEvent, at?: number) => void;
  /** Everything noted so far. */
  events(): readonly HistoryEvent[];
  /** Flushes the file. */
  close(): Promise<void>;
}

/** Writes a history as JSON lines and keeps it for the checker. */
export function openRecorder(file: string): Recorder {
  const stream = createWriteStream(file, { mode: 0o600 });
  const kept: HistoryEvent[] = [];
  return {
    file,
    note(event, at = performance.now()) {
      const line: HistoryEvent = { at: Math.round(at * 10) / 10, ...event };
      kept.push(line);
      stream.write(`${JSON.stringify(line)}\n`);
    },
    events: () => kept,
    async close() {
      stream.end();
      await once(stream, "finish");
    },
  };
}
