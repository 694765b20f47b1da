import type { EventMemory } from "./event-memory.ts";
import type { Page, Pages } from "./fold-pages.ts";
import { foldEvents } from "./live-cache.ts";

const tries = 3;

/**
 * Reads one row that comes without a log position. When an event about it arrives while the request is under way, the
 * answer may be older than the event, so it is read again; after three tries the latest is taken, since a row that
 * changes that often will be changed by the next event anyway.
 */
export async function readSteady<Row>(memory: EventMemory, id: string, read: () => Promise<Row>): Promise<Row> {
  for (let round = 1; ; round++) {
    const known = memory.latestAbout(id);
    const row = await read();
    if (round === tries || memory.latestAbout(id) === known) return row;
  }
}

/**
 * Brings a page that was read while events arrived up to date; read again when too much was forgotten meanwhile. A page
 * that continues a list gets no new rows: those belong to the first page, and an empty one stands in for it while folding.
 */
export async function readPage<Row>(
  memory: EventMemory,
  list: { key: readonly unknown[]; continues: boolean },
  read: () => Promise<Page<Row>>,
): Promise<Page<Row>> {
  for (let round = 1; ; round++) {
    const page = await read();
    const missed = memory.since(page.sequence);
    if (missed === "forgotten") {
      if (round === tries) return page;
      continue;
    }
    const first = { ...page, data: [] };
    const pages = list.continues ? [first, page] : [page];
    const { data } = foldEvents(list.key, { pages, pageParams: [] }, missed);
    return (data as Pages<Row>).pages.at(-1) ?? page;
  }
}
