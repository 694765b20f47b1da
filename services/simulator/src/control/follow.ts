import type { Response } from "express";
import type { LedgerFilter, LedgerRow } from "../ledger.ts";
import type { Network } from "../network.ts";
import { showRow } from "./views.ts";

const TICK_MS = 100;
const ROWS_A_TICK = 1_000;
const MAX_PENDING = 10_000;
const HEARTBEAT_MS = 15_000;

type Filter = Omit<LedgerFilter, "after" | "limit">;

/**
 * Streams the ledger as NDJSON until the client hangs up: first the rows after `after`, then each new row, and a row
 * again after it changed (the last line of a sequence number counts). Rows are pulled by sequence, so that a slow reader
 * falls behind and misses none that the ledger still keeps; if it misses changes, a line `{"missed_changes": n}` says so.
 */
export function followLedger(network: Network, response: Response, filter: Filter, after: number): void {
  const changed = new Map<number, LedgerRow>();
  let cursor = after;
  let missed = 0;
  const unwatch = network.ledger.watch((row) => {
    if (row.sequence > cursor || !fits(row, filter)) return;
    if (changed.size < MAX_PENDING || changed.has(row.sequence)) changed.set(row.sequence, row);
    else missed += 1;
  });
  stream(response, unwatch, function* () {
    for (const row of changed.values()) yield showRow(row);
    changed.clear();
    if (missed > 0) yield { missed_changes: missed };
    missed = 0;
    for (const row of network.ledger.page({ ...filter, after: cursor, limit: ROWS_A_TICK })) {
      cursor = row.sequence;
      yield showRow(row);
    }
  });
}

/** Streams the totals as NDJSON until the client hangs up: now, and after every change, at most ten times a second. */
export function followSummary(network: Network, response: Response, sender: string | undefined): void {
  let last = "";
  stream(
    response,
    () => undefined,
    function* () {
      const summary = network.ledger.summary(sender);
      const now = JSON.stringify(summary);
      if (now === last) return;
      last = now;
      yield summary;
    },
  );
}

function fits(row: LedgerRow, { phone, sender, waMessageId }: Filter): boolean {
  if (phone !== undefined && row.phone !== phone) return false;
  if (sender !== undefined && row.sender !== sender) return false;
  return waMessageId === undefined || row.wa_message_id === waMessageId;
}

function stream(response: Response, end: () => void, lines: () => Iterable<unknown>): void {
  response.status(200).type("application/x-ndjson").set("cache-control", "no-store");
  response.flushHeaders();
  let spoke = performance.now();
  const tick = (): void => {
    if (response.writableNeedDrain) return; // the reader is slow: leave it where it is
    let text = "";
    for (const line of lines()) text += `${JSON.stringify(line)}\n`;
    const now = performance.now();
    // An empty line keeps proxies from closing a stream on which nothing happens.
    if (text === "" && now - spoke > HEARTBEAT_MS) text = "\n";
    if (text === "") return;
    spoke = now;
    response.write(text);
  };
  const timer = setInterval(tick, TICK_MS);
  response.on("close", () => {
    clearInterval(timer);
    end();
  });
  tick();
}
