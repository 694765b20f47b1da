import type { Timeline } from "@flotilla/shared/contract/http-timeline";
import { explainMessage } from "@flotilla/shared/domain/explain-message";
import { buildTimeline } from "@flotilla/shared/domain/timeline";
import type { MessageStore } from "../ports.ts";

/** How a message came to stand where it stands: the sentence first, then each step. Throws `not_found`. */
export async function readTimeline(
  { messages }: { messages: MessageStore },
  { tenant, id }: { tenant: string; id: string },
): Promise<Timeline> {
  const history = await messages.history(tenant, id);
  const latest = history.steps.at(-1);
  const releaseAt = latest?.status === history.message.status ? latest.release_at : null;
  return { explanation: explainMessage({ ...history.message, releaseAt }), entries: buildTimeline(history) };
}
