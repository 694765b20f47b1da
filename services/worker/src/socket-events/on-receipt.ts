import type { LinkObservation } from "../ports.ts";
import type { Commit, SessionScope } from "../store-ports.ts";

/** Lifts messages by what receipts prove; late and repeated ones change nothing. @throws LeaseLost, WriteRefused */
export async function storeReceipts(
  commit: Commit,
  scope: SessionScope,
  { waMessageIds, status, atMs }: Extract<LinkObservation, { kind: "receipt" }>,
): Promise<void> {
  await commit(scope, { receipts: waMessageIds.map((waMessageId) => ({ waMessageId, status, atMs })) });
}
