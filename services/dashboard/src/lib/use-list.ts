import { type InfiniteData, useInfiniteQuery } from "@tanstack/react-query";
import { useServices } from "../app-context.tsx";
import type { Page } from "../live/fold-pages.ts";
import { readPage } from "../live/read-steady.ts";
import { useLive } from "../live/use-live.ts";
import type { ListOptions } from "./api-client.ts";

/**
 * A keyset list that stays live: pages are read on demand, and the topic is followed from where the first was read.
 * `topic` null: the shell already follows what changes this list.
 */
export function useList<Row>(options: {
  key: readonly unknown[];
  topic: string | null;
  read: (page: ListOptions) => Promise<Page<Row>>;
  enabled?: boolean;
}) {
  const { realtime } = useServices();
  const query = useInfiniteQuery<Page<Row>, Error, InfiniteData<Page<Row>>, readonly unknown[], string | undefined>({
    queryKey: options.key,
    enabled: options.enabled ?? true,
    initialPageParam: undefined,
    queryFn: ({ pageParam, signal }) =>
      readPage(realtime.memory, { key: options.key, continues: pageParam !== undefined }, () =>
        options.read({ cursor: pageParam, signal }),
      ),
    getNextPageParam: (last) => (last.has_more ? (last.next_cursor ?? undefined) : undefined),
  });
  // The page read first is the oldest: everything after it must come.
  const oldest = query.data?.pages.reduce((one, other) => (other.sequence < one.sequence ? other : one));
  useLive(options.topic, oldest);
  return { ...query, rows: query.data?.pages.flatMap((page) => page.data) };
}
