import type { Logger } from "@flotilla/shared/runtime/logger";
import type { LinkObservation } from "../ports.ts";
import type { Commit, SessionRow, SessionScope, ShowCode } from "../store-ports.ts";
import type { StatusKeeper } from "./status-keeper.ts";

export interface PairingOptions {
  commit: Commit;
  scope: SessionScope;
  showCode: ShowCode;
  status: StatusKeeper;
  logger: Logger;
  row: () => Pick<SessionRow, "name" | "pairing_attempt">;
}

export type Pairing = ReturnType<typeof createPairing>;

/** The codes of one session: each is shown through Redis, counted, and told in the log of events without the code. */
export function createPairing({ commit, scope, showCode, status, logger, row }: PairingOptions) {
  let round = 0;
  let shown = false;
  const { sessionId } = scope;
  return {
    /** Shows one code. Resolves when its event and the status are durable. @throws LeaseLost */
    async offer({ value, ttlMs }: Extract<LinkObservation, { kind: "qr" }>): Promise<void> {
      const { name, pairing_attempt: attempt } = row();
      round++;
      shown = true;
      const expiresAtMs = Date.now() + ttlMs;
      showCode({ sessionId, value, attempt, round, expiresAtMs });
      logger.info({ attempt, round, ttlMs }, `a QR code was issued for session ${name} (round ${round})`);
      await Promise.all([
        commit(scope, {
          events: [
            {
              type: "session.qr_issued",
              session: { id: sessionId, name, phone: null },
              data: { attempt, round, expires_at: new Date(expiresAtMs).toISOString() },
            },
          ],
        }),
        status.observe({ kind: "code_offered", by: "qr" }),
      ]);
    },
    /** Takes the code away from those who watch. */
    end(): void {
      if (!shown) return;
      shown = false;
      showCode({ sessionId, value: null, attempt: row().pairing_attempt, round, expiresAtMs: null });
    },
    /** A person asked anew: rounds count from one again. */
    restart(): void {
      round = 0;
    },
  };
}
