import { type CandidateFault, faulty } from "./candidate.ts";
import { longestLine, type RawLine } from "./read-lines.ts";
import type { RecipientError } from "../ports.ts";
import { splitCsvRecord } from "./split-csv-record.ts";

/** A record with the number of its first line; blank lines are left out. */
export type CsvRecord = { line: number; fields: string[] } | RecipientError;

/**
 * Puts records together whose quoted fields hold line breaks. A quote that is never closed costs its own line only: once
 * the record would pass 16 KiB, or the file ends, that line is refused and reading goes on behind it.
 */
export async function* readCsvRecords(
  source: AsyncIterable<RawLine[]>,
  delimiter: string,
): AsyncGenerator<CsvRecord[]> {
  let held: RawLine[] = [];

  function take(line: RawLine, records: CsvRecord[]): void {
    const waiting = [line];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (held.length === 0 && next.text === "") continue;
      held.push(next);
      const fault = tryFinish(records);
      if (fault !== null) waiting.unshift(...giveUp(fault, records));
    }
  }

  /** Emits what is held when it is a whole record; a fault means that its first line cannot be part of one. */
  function tryFinish(records: CsvRecord[]): CandidateFault | null {
    const [first, last] = [held[0]!, held.at(-1)!];
    if (last.text === null) return held.length === 1 ? last.code : "unclosed_quote";
    const text = held.map((line) => line.text).join("\n");
    if (text.length > longestLine) return "unclosed_quote";
    const split = splitCsvRecord(text, delimiter);
    if (split === "open") return null;
    if (split === "text_after_quote") return split;
    records.push({ line: first.number, fields: split });
    held = [];
    return null;
  }

  function giveUp(fault: CandidateFault, records: CsvRecord[]): RawLine[] {
    const [first, ...rest] = held;
    records.push(faulty(first!.number, fault, first!.text ?? ""));
    held = [];
    return rest;
  }

  for await (const lines of source) {
    const records: CsvRecord[] = [];
    for (const line of lines) take(line, records);
    yield records;
  }
  while (held.length > 0) {
    const records: CsvRecord[] = [];
    for (const line of giveUp("unclosed_quote", records)) take(line, records);
    yield records;
  }
}
