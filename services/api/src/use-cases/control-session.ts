import type { Session } from "@flotilla/shared/contract/http-sessions";
import type { Announcer, SessionStore } from "../ports.ts";

export const sessionRequests = ["start", "stop", "restart", "logout"] as const;
export type SessionRequest = (typeof sessionRequests)[number] | "delete";

/** Writes what a person asks of a session and tells its shard; the worker makes it so. Asking twice changes nothing. */
export async function controlSession(
  deps: { sessions: SessionStore; announcer: Announcer },
  { tenant, ref, request, requestId }: { tenant: string; ref: string; request: SessionRequest; requestId: string },
): Promise<Session> {
  const { session, shard, heads } = await deps.sessions.control(tenant, ref, request, requestId);
  deps.announcer.announce({ heads, hints: [{ name: "session.reconcile", payload: { session: session.id }, shard }] });
  return session;
}
