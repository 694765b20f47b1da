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
  /** The row after the event; the same object when the event is not about it, null when it is gone. */
  change(row: Row, event: Envelope): Row | null;
  /** A row the event brings that belongs at the head of this list, or null. */
  bring(event: Envelope): Row | null;
  /** Whether the list must be asked again when no row took the event. */
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
    let taken = false;
    let movedUp: Row | null = null;
    pages = pages.map((page) => {
      if (event.sequence <= page.sequence) {
        taken ||= page === pages[0];
        return page;
      }
      const data = page.data.flatMap((row) => {
        const next = rules.change(row, event);
        if (next === row) return [row];
        taken = true;
        if (next !== null && rules.movesUp(event)) {
          movedUp = next;
          return [];
        }
        return next === null ? [] : [next];
      });
      return data.length === page.data.length && data.every((row, index) => row === page.data[index])
        ? page
        : { ...page, data };
    });
    const head = movedUp ?? (taken ? null : rules.bring(event));
    if (head !== null) pages = withHead(pages, head);
    else if (!taken && rules.isMissed(event)) stale = true;
  }
  return { data: pages === list.pages ? list : { ...list, pages }, stale };
}

function withHead<Row extends { id: string }>(pages: Page<Row>[], row: Row): Page<Row>[] {
  const [first, ...rest] = pages;
  if (!first || pages.some((page) => page.data.some(({ id }) => id === row.id))) return pages;
  return [{ ...first, data: [row, ...first.data] }, ...rest];
}
