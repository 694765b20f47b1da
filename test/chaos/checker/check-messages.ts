import { endStatuses, type HistoryEvent, type LedgerLine, type MessageRow } from "../history/events.ts";
import type { Check, Finding } from "./finding.ts";

/** Statuses that say WhatsApp has it. */
const reached = new Set(["sent", "delivered", "read", "played"]);

interface Seen {
  row: MessageRow;
  visible: number;
}

/**
 * Outbound messages: what was acknowledged must have an end and be seen once, and what is seen must have been asked for.
 * A request without an answer counts as asked for, so it may be seen or not. Needs the rows before the ledger.
 */
export function checkMessages(): Check & { counts(): { attempted: number; accepted: number; shown: number } } {
  const attempted = new Set<string>();
  const acknowledged = new Set<string>();
  const campaigns = new Map<string, { recipients: number; rows: number }>();
  const byRef = new Set<string>();
  const byWaId = new Map<string, Seen>();
  const byText = new Map<string, Seen>();
  const found: Finding[] = [];

  function takeRow(row: MessageRow): void {
    const seen: Seen = { row, visible: 0 };
    byWaId.set(`${row.sender} ${row.phone} ${row.wa}`, seen);
    byText.set(`${row.sender} ${row.phone} ${row.textSha256}`, seen);
    const campaign = row.campaign === null ? undefined : campaigns.get(row.campaign);
    if (campaign) campaign.rows++;
    if (row.ref !== null) {
      byRef.add(row.ref);
      if (!attempted.has(row.ref))
        found.push({ kind: "unexpected", detail: `row ${row.id}: nobody asked for ${row.ref}` });
    }
    if (!endStatuses.has(row.status)) found.push({ kind: "unfinished", detail: about(row) });
    else if (!reached.has(row.status)) found.push({ kind: "failed", detail: about(row) });
  }

  function takeLedger(line: LedgerLine): void {
    if (line.undecryptable > 0)
      found.push({ kind: "undecryptable", detail: `${line.undecryptable} copies of ${show(line)}` });
    if (line.visible === 0) return;
    const seen = byWaId.get(`${line.sender} ${line.phone} ${line.wa}`);
    if (seen) {
      if (line.visible > 1 || seen.visible > 0) found.push({ kind: "duplicate", detail: about(seen.row) });
      seen.visible += line.visible;
      return;
    }
    const same = byText.get(`${line.sender} ${line.phone} ${line.textSha256}`);
    if (!same) {
      found.push({ kind: "unexpected", detail: `no message for ${show(line)}` });
      return;
    }
    if (same.visible > 0) found.push({ kind: "duplicate", detail: `${about(same.row)}, again as ${line.wa}` });
    same.visible += line.visible;
  }

  return {
    take(event: HistoryEvent) {
      if (event.kind === "invoke") for (const ref of event.refs) attempted.add(ref);
      if (event.kind === "ok") for (const ref of event.refs) acknowledged.add(ref);
      if (event.kind === "campaign") campaigns.set(event.campaign, { recipients: event.recipients, rows: 0 });
      if (event.kind === "row") takeRow(event);
      if (event.kind === "ledger") takeLedger(event);
    },
    *findings() {
      yield* found;
      for (const ref of acknowledged)
        if (!byRef.has(ref)) yield { kind: "lost", detail: `${ref} was acknowledged and has no row` };
      for (const [id, { recipients, rows }] of campaigns) {
        for (let missing = rows; missing < recipients; missing++)
          yield { kind: "lost", detail: `campaign ${id} took ${recipients} recipients and made ${rows} messages` };
      }
      for (const { row, visible } of byWaId.values())
        // Without an end it is unfinished, and reported as that.
        if (visible === 0 && reached.has(row.status)) yield { kind: "lost", detail: about(row) };
    },
    counts() {
      const shown = [...byWaId.values()].filter(({ visible }) => visible > 0).length;
      const recipients = [...campaigns.values()].reduce((sum, campaign) => sum + campaign.recipients, 0);
      return { attempted: attempted.size + recipients, accepted: acknowledged.size + recipients, shown };
    },
  };
}

const about = ({ id, ref, campaign, sender, phone, lane, seq, wa, status }: MessageRow) =>
  `message ${id} (${ref ?? `campaign ${campaign}`}) ${sender} → ${phone}, lane ${lane} seq ${seq}, ${wa}, ${status}`;
const show = ({ wa, sender, phone, sequence }: LedgerLine) => `${wa} ${sender} → ${phone} (ledger ${sequence})`;
