import { AppError } from "@flotilla/shared/contract/problem";
import type { RecipientError, RecipientRow } from "../ports.ts";
import type { Candidate } from "./candidate.ts";
import { type CampaignText, checkCandidate } from "./check-candidate.ts";
import { beginningLines, judgeBeginning } from "./judge-beginning.ts";

const mostLines = 100_000;
const chunkLines = 5_000;
const chunkBytes = 1_000_000;
const lineOverheadBytes = 120;

export type StoreChunk = (rows: RecipientRow[], errors: RecipientError[]) => Promise<void>;

/**
 * Checks the lines of one part and stores them in chunks of at most 5,000 lines or about 1 MB: one chunk is on its way while
 * the next is read, and no more is read meanwhile. Throws what `judgeBeginning` throws, before anything is stored, and
 * `too_many_items` beyond 100,000 lines.
 */
export async function fillPart(
  blocks: AsyncIterable<readonly Candidate[]>,
  campaign: CampaignText,
  store: StoreChunk,
): Promise<void> {
  let beginning: Candidate[] | null = [];
  let chunk: (RecipientRow | RecipientError)[] = [];
  let bytes = 0;
  let lines = 0;
  let onItsWay: Promise<void> = Promise.resolve();

  async function flush(): Promise<void> {
    await onItsWay;
    if (chunk.length === 0) return;
    const rows = chunk.filter((line) => "jid" in line);
    const errors = chunk.filter((line) => "code" in line);
    chunk = [];
    bytes = 0;
    onItsWay = store(rows, errors);
    // Awaited before the next chunk; until then its failure must not count as unhandled.
    onItsWay.catch(() => undefined);
  }

  function judge(): void {
    if (beginning !== null) judgeBeginning(beginning, chunk, campaign.text);
    beginning = null;
  }

  for await (const block of blocks) {
    for (const candidate of block) {
      if (++lines > mostLines)
        throw new AppError("too_many_items", "A part takes 100,000 lines: send the rest as another part");
      const checked = checkCandidate(candidate, campaign);
      chunk.push(checked);
      bytes += lineOverheadBytes + ("body" in checked ? checked.body.length * 2 : checked.value.length);
      beginning?.push(candidate);
      if (lines === beginningLines || bytes >= chunkBytes) judge();
      if (beginning === null && (chunk.length >= chunkLines || bytes >= chunkBytes)) await flush();
    }
  }
  judge();
  await flush();
  await onItsWay;
}
