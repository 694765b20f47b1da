import type { Session } from "@flotilla/shared/contract/http-sessions";

/** How people call a session: its display name, else its name. */
export function sessionTitle(session: Pick<Session, "display_name" | "name">): string {
  return session.display_name ?? session.name;
}
