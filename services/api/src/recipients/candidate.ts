import type { RecipientError } from "../ports.ts";

/** What was read of one line, before its address and variables are looked at; or why it cannot be used. */
export type Candidate =
  | { line: number; to: string; vars: Readonly<Record<string, string>>; clientRef: string | null }
  | RecipientError;

const messages = {
  line_too_long: "The line is longer than 16 KiB",
  bad_encoding: "The line is not valid UTF-8 text",
  unclosed_quote: "A quote is opened and not closed",
  text_after_quote: "There is text behind a closing quote: double the quotes inside a quoted field",
  too_many_fields: "The line has more fields than the header",
  value_too_long: "A value is longer than 1,024 characters",
  not_json: "The line is not a JSON object",
} as const;
export type CandidateFault = keyof typeof messages;

/** A line that cannot be used; `value` is shortened. */
export function faulty(line: number, code: CandidateFault, value: string): RecipientError {
  return { line, code, message: messages[code], value: shorten(value) };
}

/** At most 64 characters of a value, for showing it in a list of errors. */
export function shorten(value: string): string {
  const text = value.length > 64 ? `${value.slice(0, 63)}…` : value;
  return text.toWellFormed();
}
