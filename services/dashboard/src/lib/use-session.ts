import { useQuery } from "@tanstack/react-query";
import { useServices } from "../app-context.tsx";
import { readSteady } from "../live/read-steady.ts";
import { queryKeys } from "./query-keys.ts";

/** One session, kept up to date by the `tenant` topic that the shell follows. */
export function useSession(id: string) {
  const { api, realtime } = useServices();
  return useQuery({
    queryKey: queryKeys.session(id),
    queryFn: ({ signal }) => readSteady(realtime.memory, id, () => api.session(id, signal)),
  });
}
