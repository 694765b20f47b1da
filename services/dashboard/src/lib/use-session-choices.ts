import { useServices } from "../app-context.tsx";
import { formatPhone } from "./format-phone.ts";
import { queryKeys } from "./query-keys.ts";
import { sessionTitle } from "./session-title.ts";
import { useList } from "./use-list.ts";
import { sessionWords } from "./words.ts";

/** Sessions for a picker, connected ones first; the label says the state of those that are not. */
export function useSessionChoices(): { value: string; label: string }[] {
  const { api } = useServices();
  const list = useList({
    key: queryKeys.sessions({}),
    topic: null,
    read: (page) => api.sessions({ ...page, limit: 100 }),
  });
  const rank = (status: string): number => (status === "connected" ? 0 : 1);
  return (list.rows ?? [])
    .toSorted((one, other) => rank(one.status) - rank(other.status) || one.name.localeCompare(other.name))
    .map((session) => ({
      value: session.id,
      label: [
        sessionTitle(session),
        session.phone === null ? null : formatPhone(session.phone),
        session.status === "connected" ? null : sessionWords[session.status].label.toLowerCase(),
      ]
        .filter((part) => part !== null)
        .join(" · "),
    }));
}
