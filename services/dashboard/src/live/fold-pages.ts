import type { Envelope } from "@flotilla/shared/contract/events";

/** One page of a keyset list with the log position it was read at. */
export interface Page<Row> {
  data: Row[];
  next_cursor: string | null;
  has_more: boolean;
  sequence: number;
  log_id: string;
}
/** The shape in which TanStack Query keeps a list that is loaded page by page. */
export interface Pages<Row> {
  pages: Page<Row>[];
  pageParams: unknown[];
}
/** New data, and whether it is incomplete: an event said something about rows we do not hold. */
export interface Folded<Data> {
  data: Data;
  stale: boolean;
}

export interface RowRules<Row extends { id: string }> {
  /** Whether the event is about this row, even if it changes nothing. */
  isAbout(row: Row, event: Envelope): boolean;
  /** The row after an event about it; the same object when nothing changes, null when it is gone. */
  change(row: Row, event: Envelope): Row | null;
  /** A row the event brings that belongs at the head of this list, or null. */
  bring(event: Envelope): Row | null;
  /** Whether the list must be asked again when the event is about no row that we hold. */
  isMissed(event: Envelope): boolean;
  /** Whether a changed row moves to the head of the list. */
  movesUp(event: Envelope): boolean;
}

/**
 * Folds events into a list. A page knows the log position it was read at and ignores what it already holds, so the
 * same event may be offered any number of times and in any order relative to the reading of the page.
 */
export function foldPages<Row extends { id: string }>(
  list: Pages<Row>,
  events: readonly Envelope[],
  rules: RowRules<Row>,
): Folded<Pages<Row>> {
  let pages = list.pages;
  let stale = false;
  for (const event of events) {
    if ((pages[0]?.sequence ?? 0) >= event.sequence) continue; // the head of the list was read after it
    const place = find(pages, (row) => rules.isAbout(row, event));
    if (!place) {
      const brought = rules.bring(event);
      if (brought !== null) pages = withHead(pages, brought);
      else stale ||= rules.isMissed(event);
      continue;
    }
    const { page, row } = place;
    if (page.sequence >= event.sequence) continue;
    const changed = rules.change(row, event);
    if (changed === row) continue;
    const goesUp = changed !== null && rules.movesUp(event);
    const data = page.data.flatMap((other) => (other === row ? (changed && !goesUp ? [changed] : []) : [other]));
    pages = pages.map((other) => (other === page ? { ...page, data } : other));
    if (goesUp) pages = withHead(pages, changed);
  }
  return { data: pages === list.pages ? list : { ...list, pages }, stale };
}

function find<Row>(pages: readonly Page<Row>[], test: (row: Row) => boolean): { page: Page<Row>; row: Row } | null {
  for (const page of pages) {
    const row = page.data.find(test);
    if (row !== undefined) return { page, row };
  }
  return null;
}

function withHead<Row extends { id: string }>(pages: Page<Row>[], row: Row): Page<Row>[] {
  const [first, ...rest] = pages;
  if (!first || pages.some((page) => page.data.some(({ id }) => id === row.id))) return pages;
  return [{ ...first, data: [row, ...first.data] }, ...rest];
}
