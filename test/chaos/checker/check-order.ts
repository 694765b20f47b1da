import type { MessageRow } from "../history/events.ts";
import type { Check, Finding } from "./finding.ts";

/** First arrivals of each session, chat and lane must come in the order of acceptance. Needs the rows before the ledger. */
export function checkOrder(): Check {
  const rows = new Map<string, MessageRow>();
  const last = new Map<string, MessageRow>();
  const found: Finding[] = [];
  return {
    take(event) {
      if (event.kind === "row") rows.set(`${event.sender} ${event.phone} ${event.wa}`, event);
      if (event.kind !== "ledger") return;
      const row = rows.get(`${event.sender} ${event.phone} ${event.wa}`);
      if (!row) return;
      const lane = `${row.session} ${row.phone} ${row.lane}`;
      const before = last.get(lane);
      if (before && before.seq > row.seq) {
        const chat = `${row.sender} → ${row.phone}, lane ${row.lane}`;
        found.push({
          kind: "order_break",
          detail: `${chat}: seq ${row.seq} (${row.wa}) arrived after seq ${before.seq} (${before.wa})`,
        });
      } else last.set(lane, row);
    },
    findings: () => found,
  };
}
