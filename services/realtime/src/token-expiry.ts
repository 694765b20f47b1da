import type { RealtimeSocket } from "./socket-types.ts";

const noticeMs = 60_000;
/** The longest time a timer of Node can wait. */
const longestMs = 2_147_483_647;

/**
 * Ends a connection with its token: `auth.expiring` a minute before, disconnected at the end. Call again after a refresh
 * with what it returned last; `stop` when the connection is gone.
 */
export function watchExpiry(socket: RealtimeSocket, expiresAt: Date): { stop: () => void } {
  const leftMs = expiresAt.getTime() - Date.now();
  const wait = (ms: number) => Math.min(Math.max(ms, 0), longestMs);
  const notice = setTimeout(
    () => {
      socket.emit("auth.expiring", { expires_at: expiresAt.toISOString() });
    },
    wait(leftMs - noticeMs),
  );
  const end = setTimeout(() => socket.disconnect(true), wait(leftMs));
  return {
    stop() {
      clearTimeout(notice);
      clearTimeout(end);
    },
  };
}
