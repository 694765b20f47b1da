import { useQuery } from "@tanstack/react-query";
import { useServices } from "../app-context.tsx";
import { queryKeys } from "./query-keys.ts";

/** No event tells of the fleet yet: it is read again while its page is shown, heartbeats being a second apart. */
export const fleetEveryMs = 2_000;

/** Workers, shards and moves, read together and kept fresh by asking again. */
export function useFleet() {
  const { api } = useServices();
  return useQuery({
    queryKey: queryKeys.fleet,
    queryFn: async ({ signal }) => {
      const [workers, map] = await Promise.all([api.workers(signal), api.fleetMap(signal)]);
      return { workers: workers.data, ...map };
    },
    refetchInterval: fleetEveryMs,
  });
}
