import type { Message, MessageResolve } from "@flotilla/shared/contract/http-messages";
import type { Announcer, MessageStore } from "../ports.ts";
import { hintsOf } from "./rows-of-messages.ts";

/** Writes what a person decided about a message and tells the session's worker, who may have to send it again. */
export async function resolveMessage(
  deps: { messages: MessageStore; announcer: Announcer },
  { tenant, id, as, requestId }: { tenant: string; id: string; as: MessageResolve["as"]; requestId: string },
): Promise<Message> {
  const { message, wake, heads } = await deps.messages.resolve(tenant, id, as, requestId);
  const { session_id: session, shard } = wake;
  const hints =
    as === "release" ? hintsOf([wake]) : [{ name: "session.reconcile" as const, payload: { session }, shard }];
  deps.announcer.announce({ heads, hints });
  return message;
}
