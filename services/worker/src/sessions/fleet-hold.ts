import type { ClientRefusal } from "../domain/reconnect-policy.ts";

/** What the fleet knows of WhatsApp's refusing the client itself (405, 409), whichever session it serves. */
export interface ClientBreaker {
  /** Why the fleet does not dial, as last heard; null when it does. */
  reason(): ClientRefusal | null;
  /** Somebody may try whether the client is taken again. */
  isProbeDue(): boolean;
  /** Whether this dial may begin: the fleet dials, or this is the probe, which is then taken. */
  mayDial(): Promise<boolean>;
  /** This session was refused for what the client is. Resolves when it is known whether the fleet stops. */
  refused(sessionId: string, reason: ClientRefusal): Promise<void>;
  /** A session logged in: the client is taken. */
  accepted(): void;
}

/**
 * One session's view of the fleet's breaker: whether it is kept from dialling by it, and when that ends.
 *
 * | held by   | entered by                        | left by                                    |
 * |-----------|-----------------------------------|--------------------------------------------|
 * | nothing   | start, end of a hold              | refusal of the client, dial not allowed    |
 * | itself    | its own refusal, the fleet dials  | its own time to try; the fleet stops       |
 * | the fleet | the fleet stops                   | the fleet dials again; the probe is its    |
 */
export function createFleetHold(breaker: ClientBreaker) {
  let held: "nothing" | "itself" | "the fleet" = "nothing";
  return {
    /** The dial that is due now: null when it may begin, else why not. */
    async askToDial(): Promise<ClientRefusal | null> {
      if (await breaker.mayDial()) {
        held = "nothing";
        return null;
      }
      held = "the fleet";
      return breaker.reason() ?? "client_outdated";
    },
    async refused(sessionId: string, reason: ClientRefusal): Promise<void> {
      held = "itself";
      await breaker.refused(sessionId, reason);
    },
    /** Called once a second: whether the session is to ask for a dial now. */
    isOver(): boolean {
      if (held === "nothing") return false;
      if (breaker.reason() !== null) held = "the fleet";
      return held === "the fleet" && (breaker.reason() === null || breaker.isProbeDue());
    },
    /** A person asked anew: what was refused before counts no more, the fleet's breaker does. */
    reset(): void {
      held = "nothing";
    },
    accepted: () => breaker.accepted(),
  };
}
