import type { SessionSupervisor } from "../sessions/session-supervisor.ts";

/** Tells the session's pump to look at a lane. Without a pump nothing happens: one that starts looks by itself. */
export function wakeOutbox(supervisor: Pick<SessionSupervisor, "wake">, session: string, lane: number): void {
  supervisor.wake(session, lane);
}
