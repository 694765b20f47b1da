import { mintMessageId } from "@flotilla/shared/contract/ids";
import { readOptOut, type OptOut } from "@flotilla/shared/domain/opt-out";
import { toUnreadable } from "../domain/unreadable.ts";
import type { InboundMessage } from "../ports.ts";
import { type Commit, type SessionScope, WriteRefused } from "../store-ports.ts";

/**
 * Stores what somebody wrote to us; a redelivery or replay of the same message is found by its WhatsApp id and changes
 * nothing. The event `message.received` is appended, and the journal row marked as processed, in the same commit. So is what
 * a "stop" or "start" brings about. Content that the database will never take is replaced by a stub that says so.
 *
 * @throws LeaseLost, WriteRefused when not even the stub is taken
 */
export async function storeInbound(commit: Commit, scope: SessionScope, message: InboundMessage): Promise<void> {
  try {
    await commit(scope, { inbound: [{ ...message, id: mintMessageId(), optOut: optOutOf(message) }] });
  } catch (error) {
    if (!(error instanceof WriteRefused) || message.reason === "content_refused") throw error;
    await storeInbound(commit, scope, toUnreadable(message, "content_refused"));
  }
}

/** What the writer asks of us with this message; null for most. In a group nobody speaks to us alone. */
export function optOutOf({ type, content, participant }: InboundMessage): OptOut | null {
  const body = content["body"];
  return type === "text" && participant === "" && typeof body === "string" ? readOptOut(body) : null;
}
