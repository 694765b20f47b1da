import { Line } from "@flotilla/shared/contract/http-campaigns";
import { fieldErrorsOf } from "../domain/field-errors.ts";
import { inspectJson } from "../domain/inspect-json.ts";
import { type Candidate, faulty, shorten } from "./candidate.ts";
import type { RawLine } from "./read-lines.ts";

/** The lines of an NDJSON file, one CampaignLine each; blank lines are left out. */
export async function* ndjsonCandidates(lines: AsyncIterable<RawLine[]>): AsyncGenerator<Candidate[]> {
  for await (const block of lines) yield block.filter((line) => line.text?.trim() !== "").map(readLine);
}

function readLine(line: RawLine): Candidate {
  if (line.text === null) return faulty(line.number, line.code, "");
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch {
    return faulty(line.number, "not_json", line.text);
  }
  return candidateOfValue(value, line.number);
}

/** A CampaignLine that came as a value, such as an inline recipient. */
export function candidateOfValue(value: unknown, line: number): Candidate {
  const { tooDeep, errors } = inspectJson(value);
  const parsed = tooDeep || errors.length > 0 ? null : Line.safeParse(value);
  if (parsed?.success === true) {
    const { to, vars, client_ref } = parsed.data;
    return { line, to, vars, clientRef: client_ref ?? null };
  }
  const [first] = parsed === null ? errors : fieldErrorsOf(parsed.error);
  if (first === undefined || first.pointer === "") return faulty(line, "not_json", JSON.stringify(value) ?? "");
  return {
    line,
    code: first.code,
    message: `${first.pointer}: ${first.message}`,
    value: shorten(JSON.stringify(value)),
  };
}
