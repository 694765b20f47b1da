import { mintMessageId } from "@flotilla/shared/contract/ids";
import type { InboundMessage } from "../ports.ts";
import type { Commit, SessionScope } from "../store-ports.ts";

/**
 * Stores what somebody wrote to us; a redelivery or replay of the same message is found by its WhatsApp id and changes
 * nothing. The event `message.received` is appended in the same commit.
 *
 * @throws LeaseLost, WriteRefused
 */
export async function storeInbound(commit: Commit, scope: SessionScope, message: InboundMessage): Promise<void> {
  await commit(scope, { inbound: [{ ...message, id: mintMessageId() }] });
}
