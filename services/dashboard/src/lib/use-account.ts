import { useQuery } from "@tanstack/react-query";
import { useServices } from "../app-context.tsx";
import { queryKeys } from "./query-keys.ts";

/** Who is signed in, and with which rights. */
export function useMe() {
  const { api } = useServices();
  return useQuery({ queryKey: queryKeys.me, queryFn: ({ signal }) => api.me(signal), staleTime: 60_000 });
}

/** The figures of the Dashboard; read again, at a bounded rate, when events say that they moved. */
export function useOverview() {
  const { api } = useServices();
  return useQuery({ queryKey: queryKeys.overview, queryFn: ({ signal }) => api.overview(signal) });
}

/** Whether the member may do something; what is not allowed is not offered. */
export function useMay(scope: string): boolean {
  return useMe().data?.scopes.includes(scope) ?? false;
}
