import type { QrCode, Session } from "@flotilla/shared/contract/http-sessions";
import { AppError } from "@flotilla/shared/contract/problem";
import type { SessionStatus } from "@flotilla/shared/contract/statuses";
import { monotonicMs, sleep } from "@flotilla/shared/runtime/clock";
import type { PairingCodes, SessionStore } from "../ports.ts";

const lookEveryMs = 250;
/** The status of the session is looked at in every so many looks. */
const statusEvery = 4;

const mayShowCode: ReadonlySet<SessionStatus> = new Set(["starting", "connecting", "awaiting_scan", "reconnecting"]);

/**
 * The QR code to scan now. Waits up to `waitMs` for one and returns null when none came, or when the signal aborts.
 * Throws `state_conflict` with the status when the session will show none, `not_found`, and `unavailable` without Redis.
 */
export async function awaitQr(
  deps: { sessions: SessionStore; pairingCodes: PairingCodes },
  { tenant, ref, waitMs, signal }: { tenant: string; ref: string; waitMs: number; signal: AbortSignal },
): Promise<QrCode | null> {
  const deadline = monotonicMs() + waitMs;
  let session = await deps.sessions.get(tenant, ref);
  for (let look = 1; ; look++) {
    refuseUnlessPairing(session);
    const code = await deps.pairingCodes.read(session.id);
    if (code !== null) return code;
    const left = deadline - monotonicMs();
    if (left <= 0 || signal.aborted) return null;
    await sleep(Math.min(lookEveryMs, left), signal).catch(() => undefined);
    if (look % statusEvery === 0 && !signal.aborted) session = await deps.sessions.get(tenant, session.id);
  }
}

function refuseUnlessPairing({ status }: Session): void {
  if (mayShowCode.has(status)) return;
  const advice = status === "connected" || status === "degraded" || status === "syncing" ? "it is linked" : "start it";
  throw new AppError("state_conflict", `The session is ${status} and shows no QR code: ${advice}`, {
    facts: { state: status },
  });
}
