import type { z } from "zod";
import type { ListFilters, Page } from "../ports.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { Answer } from "./route.ts";

/** Reads one page of a list: the cursor continues behind `key`, and is good for the same filters only. */
export async function answerPage<Item, Key>(
  query: { limit: number; cursor?: string | undefined } & Record<string, unknown>,
  key: { schema: z.ZodType<Key>; filtersOf: (key: Key) => Record<string, unknown> },
  read: (filters: ListFilters) => Promise<Page<Item>>,
  fixed: Record<string, unknown> = {},
): Promise<Answer> {
  const { limit, cursor, ...rest } = query;
  const filters = { ...rest, ...fixed };
  const behind = cursor === undefined ? {} : key.filtersOf(decodeCursor(cursor, filters, key.schema));
  const { data, last_key, has_more, sequence, log_id } = await read({ ...filters, ...behind, limit });
  const next_cursor = has_more ? encodeCursor(last_key, filters) : null;
  return { status: 200, body: { data, next_cursor, has_more, sequence, log_id } };
}
