import type { LedgerRow } from "./ledger.ts";

/** One message of the campaign, as our API describes it. */
export type SentMessage = { id: string; phone: string; waMessageId: string | null; status: string };

export type Verdict = {
  /** The API says sent, and no phone shows it. */
  missing: SentMessage[];
  /** Times a person saw something again: extra visible copies, and the same text under another id. */
  duplicates: number;
  /** The first duplicate, for the report. */
  firstDuplicate: LedgerRow | null;
};

const REACHED_WHATSAPP = new Set(["sent", "delivered", "read", "played"]);

/** Compares what we say with what the phones show. */
export function judgeDelivery(messages: SentMessage[], ledger: LedgerRow[]): Verdict {
  const shown = new Map(ledger.map((row) => [`${row.phone}|${row.wa_message_id}`, row.visible_copies]));
  const missing = messages.filter(
    (message) =>
      REACHED_WHATSAPP.has(message.status) && (shown.get(`${message.phone}|${message.waMessageId ?? ""}`) ?? 0) === 0,
  );
  const seen = new Set<string>();
  let duplicates = 0;
  let firstDuplicate: LedgerRow | null = null;
  for (const row of ledger) {
    if (row.visible_copies === 0) continue;
    let again = row.visible_copies - 1;
    // Each text of the demo names its order, so one phone seeing it twice saw a message twice, whatever its id.
    const text = `${row.phone}|${row.text_sha256}`;
    if (row.text_sha256 !== null && seen.has(text)) again += 1;
    seen.add(text);
    if (again > 0) firstDuplicate ??= row;
    duplicates += again;
  }
  return { missing, duplicates, firstDuplicate };
}
