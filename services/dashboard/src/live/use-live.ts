import type { PairingUpdate } from "@flotilla/shared/contract/realtime";
import { useEffect, useSyncExternalStore } from "react";
import { useServices } from "../app-context.tsx";
import type { LinkState } from "./realtime-client.ts";
import type { LogPosition } from "./topic-book.ts";

/** Follows a topic while the component is shown, from the position its answer was read at. */
export function useLive(topic: string | null, position: LogPosition | undefined): void {
  const { realtime } = useServices();
  const sequence = position?.sequence;
  const logId = position?.log_id;
  useEffect(() => (topic === null ? undefined : realtime.follow(topic)), [realtime, topic]);
  useEffect(() => {
    if (topic !== null && sequence !== undefined && logId !== undefined) {
      realtime.startFrom(topic, { sequence, log_id: logId });
    }
  }, [realtime, topic, sequence, logId]);
}

/** The code to scan for a session, as it is right now; undefined before the first one. */
export function usePairing(sessionId: string): PairingUpdate | undefined {
  const { realtime } = useServices();
  useEffect(() => realtime.follow(`pairing:${sessionId}`), [realtime, sessionId]);
  return useSyncExternalStore(realtime.onPairing, () => realtime.pairingOf(sessionId));
}

export function useLinkState(): LinkState {
  const { realtime } = useServices();
  return useSyncExternalStore(realtime.onLink, realtime.linkState);
}
