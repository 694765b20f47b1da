import type { PartResult } from "@flotilla/shared/contract/http-campaigns";
import { AppError, type ProblemCode } from "@flotilla/shared/contract/problem";
import type { RecipientStore } from "../ports.ts";
import type { Candidate } from "../recipients/candidate.ts";
import { fillPart } from "../recipients/fill-part.ts";

/** One list of recipients on its way in. */
export interface RecipientSource {
  /** Reads the lines. The text of the campaign says which variables they need. */
  candidates: (campaign: { text: string }) => AsyncIterable<readonly Candidate[]>;
  /** Reads to the end without looking. */
  drain: () => Promise<void>;
  /** Digest of all that came, once it was read. */
  digest: () => string;
}

/** Refusals of the list itself: what was stored of it goes. Anything else leaves the part open, to be sent again. */
const ofTheList: ReadonlySet<ProblemCode> = new Set([
  "wrong_format",
  "unknown_variable",
  "too_many_items",
  "body_too_large",
]);

/**
 * Takes in one part. The same part again gives the same result, with other content `part_conflict`. A part that breaks off
 * stays `incomplete` and is emptied when it is sent again, so that every line counts once.
 */
export async function uploadRecipients(
  deps: { recipients: RecipientStore },
  request: { tenant: string; campaign: string; part: number | null; source: RecipientSource },
): Promise<PartResult> {
  const { tenant, campaign, source } = request;
  const { recipients } = deps;
  const opened = await recipients.open(tenant, campaign, request.part);
  if (opened.complete) {
    await source.drain();
    if (source.digest() === opened.digest) return opened.result;
    throw new AppError("part_conflict", `Part ${opened.part} was uploaded with other content`);
  }
  try {
    await fillPart(source.candidates(opened), { text: opened.text, region: opened.defaultRegion }, (rows, errors) =>
      recipients.add(tenant, campaign, opened, rows, errors),
    );
  } catch (error) {
    if (error instanceof AppError && ofTheList.has(error.code)) await recipients.drop(tenant, campaign, opened);
    throw error;
  }
  return recipients.close(tenant, campaign, opened, source.digest());
}
