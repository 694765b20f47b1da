import type { MessageStatus } from "../contract/statuses.ts";

/**
 * The status ladder.
 *
 * | status    | entered by                                   | left by                                      |
 * |-----------|----------------------------------------------|----------------------------------------------|
 * | scheduled | accepted with a later time                   | time came; canceled                          |
 * | held      | a rule holds it                              | rule lifted; canceled; expired               |
 * | queued    | accepted, or proven not written              | claim; held; canceled; expired; failed       |
 * | sending   | claim, committed together with the ratchet   | ack; refusal; proven not written; no ack     |
 * | unknown   | written, and no ack in time or owner lost    | evidence; resend under the same WhatsApp id  |
 * | sent      | WhatsApp's server ack                        | receipts                                     |
 * | delivered, read, played | receipts, steps may be skipped | upwards only                                 |
 * | failed    | a definitive refusal                         | a receipt that proves it wrong               |
 * | canceled, expired | never left                           | –                                            |
 *
 * Below `sending` nothing has left and a status may move both ways. From `sending` on evidence only lifts it: receipts
 * of several devices come in any order, so a late one changes nothing. The SQL twin is `message_rank` in the migrations.
 */
const evidenceRank = { sent: 4, delivered: 5, read: 6, played: 7 } as const;

/** What the network told us about a message that left. */
export type Evidence = keyof typeof evidenceRank;

const evidence: readonly string[] = Object.keys(evidenceRank);

function isEvidence(status: MessageStatus): status is Evidence {
  return evidence.includes(status);
}

/** The status after a piece of evidence: the higher of both, and evidence beats `failed` and `unknown`. */
export function climb(current: MessageStatus, seen: Evidence): MessageStatus {
  if (!isEvidence(current)) return seen;
  return evidenceRank[seen] > evidenceRank[current] ? seen : current;
}

/** Whether no rule, ack or time-out of ours will move the message any more (receipts still may). */
export function isSettled(status: MessageStatus): boolean {
  return isEvidence(status) || status === "failed" || status === "canceled" || status === "expired";
}

/** Whether a cancel can still reach it: nothing has left yet. */
export function isCancelable(status: MessageStatus): boolean {
  return status === "scheduled" || status === "held" || status === "queued";
}
