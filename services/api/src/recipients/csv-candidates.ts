import { AppError } from "@flotilla/shared/contract/problem";
import { variablesOf } from "@flotilla/shared/domain/template";
import { type Candidate, faulty } from "./candidate.ts";
import { readCsvRecords } from "./read-csv-records.ts";
import type { RawLine } from "./read-lines.ts";

/** Columns with a meaning of their own; those beyond the first two are promised to later versions. */
const reserved = new Set(["send_at", "session", "language", "time_zone", "consent_at", "consent_source"]);
const longestValue = 1_024;

export interface Columns {
  to: number;
  clientRef: number | null;
  variables: { name: string; at: number }[];
  width: number;
}

/**
 * Reads a header: `to` is required, `client_ref` may be there, other columns are variables. Throws `wrong_format` with what
 * to change, or `unknown_variable` when the text names one that has no column.
 */
export function readHeader(
  header: readonly string[],
  { text, delimiter }: { text: string; delimiter: string },
): Columns {
  const names = header.map((field) => field.trim());
  const plain = names.map((name) => name.toLowerCase());
  const to = plain.indexOf("to");
  if (to === -1) throw wrong(explainMissing(names, delimiter));
  const variables = names.map((name, at) => ({ name, at })).filter(({ name, at }) => name !== "" && !isOwn(plain[at]!));
  const doubled = plain.find(
    (name, at) => name !== "" && (isOwn(name) ? plain : names).indexOf(isOwn(name) ? name : names[at]!) !== at,
  );
  if (doubled !== undefined) throw wrong(`The column ${doubled} stands there twice`);
  const taken = plain.find((name) => reserved.has(name));
  if (taken !== undefined) throw wrong(`The column name ${taken} is reserved and not supported yet: rename the column`);
  if (variables.length > 64) throw wrong("There are more than 64 columns of variables");
  const missing = variablesOf(text).filter((name) => !variables.some((variable) => variable.name === name));
  if (missing.length > 0)
    throw new AppError(
      "unknown_variable",
      `The text names {{${missing.join("}}, {{")}}}, the columns are ${names.join(", ")}`,
    );
  const clientRef = plain.indexOf("client_ref");
  return { to, clientRef: clientRef === -1 ? null : clientRef, variables, width: names.length };
}

const isOwn = (name: string) => name === "to" || name === "client_ref";
const wrong = (detail: string) => new AppError("wrong_format", detail);

function explainMissing(names: readonly string[], delimiter: string): string {
  const line = names.join(delimiter);
  const other = [",", ";", "\t"].find((sign) => sign !== delimiter && line.toLowerCase().split(sign).includes("to"));
  if (other !== undefined)
    return `The fields are separated otherwise: add ?delimiter=${other === "\t" ? "tab" : other}`;
  if (line.includes("\r")) return "The lines end with CR alone: save the file with LF or CRLF";
  return `The first line must name the columns, and the one of the numbers must be called to. It reads: ${line.slice(0, 120)}`;
}

/** The lines of a CSV file behind its header. */
export async function* csvCandidates(
  lines: AsyncIterable<RawLine[]>,
  { text, delimiter }: { text: string; delimiter: string },
): AsyncGenerator<Candidate[]> {
  let columns: Columns | null = null;
  for await (const records of readCsvRecords(lines, delimiter)) {
    const candidates: Candidate[] = [];
    for (const record of records) {
      if (columns === null) {
        if (!("fields" in record)) throw wrong(`The header cannot be read: ${record.message}`);
        columns = readHeader(record.fields, { text, delimiter });
      } else candidates.push("fields" in record ? candidateOf(record, columns) : record);
    }
    yield candidates;
  }
}

function candidateOf({ line, fields }: { line: number; fields: string[] }, columns: Columns): Candidate {
  const beyond = fields.slice(columns.width).some((field) => field.trim() !== "");
  if (beyond) return faulty(line, "too_many_fields", fields.join(","));
  const vars: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const { name, at } of columns.variables) {
    const value = fields[at] ?? "";
    if (value.length > longestValue) return faulty(line, "value_too_long", value);
    vars[name] = value;
  }
  const clientRef = columns.clientRef === null ? "" : (fields[columns.clientRef] ?? "").trim();
  if (clientRef.length > 128) return faulty(line, "value_too_long", clientRef);
  return { line, to: fields[columns.to] ?? "", vars, clientRef: clientRef === "" ? null : clientRef };
}
