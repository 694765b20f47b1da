/** Why a message will not be sent, as its row and the API tell it. */
export interface MessageFailure {
  code: string;
  detail: string;
  retryable: boolean;
}

/** What WhatsApp's answer to a message means for its row. `fresh_devices`: once more, with the list of devices asked for anew. */
export type AckOutcome =
  | { kind: "sent" }
  | { kind: "later"; reason: string }
  | { kind: "fresh_devices" }
  | { kind: "failed"; failure: MessageFailure };

/** Why a row waits that WhatsApp refused with 479; it stays with the row, so that devices are asked for anew once. */
export const staleDevices = "stale_devices";

/** Transient refusals after which the row is given up. */
const retryMax = 5;
const retryBaseMs = 2_000;
const retryCapMs = 300_000;

/**
 * Reads the `error` of a message ack (null: accepted). 463 means that this account may not open new chats for now, and
 * repeating it makes that worse. 479 names devices or an address form that are out of date: worth one try with a fresh
 * list; `refreshed` tells that it was made. 408, 429 and 5xx say nothing about the message itself. Source: ack codes
 * seen by users of the library, #2441 and F26.
 */
export function readAck(error: string | null, refreshed: boolean): AckOutcome {
  if (error === null) return { kind: "sent" };
  const code = Number.parseInt(error, 10);
  if (code === 463) return failed("reachout_locked", "WhatsApp does not let this account open new chats now", false);
  if (code === 479 && !refreshed) return { kind: "fresh_devices" };
  if (code === 408 || code === 429 || (code >= 500 && code < 600)) return { kind: "later", reason: `ack_${code}` };
  return failed("server_rejected", `WhatsApp refused the message (${error})`, code === 479);
}

/** How long a chat waits after a passing trouble, or null when the row has had its tries. `random` is in [0, 1). */
export function retryDelayMs(attempts: number, random: number): number | null {
  if (attempts >= retryMax) return null;
  return Math.min(retryBaseMs * 2 ** Math.max(0, attempts - 1), retryCapMs) * (0.8 + 0.4 * random);
}

const failed = (code: string, detail: string, retryable: boolean): AckOutcome => ({
  kind: "failed",
  failure: { code, detail, retryable },
});
