import { tryParseAddress } from "@flotilla/shared/domain/address";
import { renderTemplate } from "@flotilla/shared/domain/template";
import type { RecipientError, RecipientRow } from "../ports.ts";
import { explainAddress } from "../domain/prepare-message.ts";
import { type Candidate, shorten } from "./candidate.ts";

const longestText = 65_536;

export interface CampaignText {
  text: string;
  /** Completes national numbers. */
  region: string | null;
}

/** Reads the address and puts the variables in: a row to store, or why this line gets none. */
export function checkCandidate(candidate: Candidate, { text, region }: CampaignText): RecipientRow | RecipientError {
  if (!("to" in candidate)) return candidate;
  const { line, to, vars, clientRef } = candidate;
  const refuse = (code: string, message: string, value: string) => ({ line, code, message, value: shorten(value) });
  if (to.trim() === "") return refuse("missing_address", "The line has no address", to);
  const address = tryParseAddress(to, region);
  if (address === null) return refuse("invalid_address", explainAddress(to), to);
  const rendered = renderTemplate(text, vars);
  if (!rendered.ok)
    return refuse("missing_variable", `No value for ${rendered.missing.map((name) => `{{${name}}}`).join(", ")}`, to);
  if (rendered.text.length > longestText)
    return refuse("text_too_long", "The text is longer than 65,536 characters", to);
  const { jid, phone } = address;
  return { line, jid, phone, input: to.trim().slice(0, 80), body: rendered.text, client_ref: clientRef };
}
