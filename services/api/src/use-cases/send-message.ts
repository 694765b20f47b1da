import type { Message } from "@flotilla/shared/contract/http-messages";
import { AppError } from "@flotilla/shared/contract/problem";
import { prepareMessage } from "../domain/prepare-message.ts";
import { invalid } from "../domain/field-errors.ts";
import type { Announcer, IdempotencyRequest, MessageStore } from "../ports.ts";
import { explainRowRefusal } from "./explain-row-refusal.ts";
import { hintsOf, rowOf } from "./rows-of-messages.ts";

export interface SentMessage {
  message: Message;
  /** `duplicate`: the client_ref named this very message before. */
  outcome: "accepted" | "duplicate";
  /** The whole answer was given before, to the same idempotency key. */
  replayed: boolean;
}

/** Commits one outbound row, then wakes its session. From here on the message reaches exactly one end. */
export async function sendMessage(
  deps: { messages: MessageStore; announcer: Announcer },
  request: { tenant: string; body: unknown; idempotency: IdempotencyRequest | null; requestId: string },
): Promise<SentMessage> {
  const prepared = prepareMessage(request.body);
  if ("errors" in prepared) throw invalid(prepared.errors);
  const row = rowOf(prepared.ok, 0);
  const accepted = await deps.messages.accept(request.tenant, {
    rows: [row],
    atomic: false,
    batch_id: null,
    idempotency: request.idempotency,
    request_id: request.requestId,
  });
  deps.announcer.announce({ heads: accepted.heads, hints: hintsOf(accepted.wakes) });
  const [result] = accepted.results;
  if (result === undefined) throw new AppError("internal", "The database gave no result for the message");
  if (result.outcome === "rejected") throw explainRowRefusal(result.code, row);
  const message = accepted.messages[result.id] ?? (await deps.messages.get(request.tenant, result.id));
  return { message, outcome: result.outcome, replayed: accepted.replayed };
}
