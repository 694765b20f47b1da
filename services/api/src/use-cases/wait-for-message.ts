import type { Message } from "@flotilla/shared/contract/http-messages";
import type { MessageStatus } from "@flotilla/shared/contract/statuses";
import { monotonicMs, sleep } from "@flotilla/shared/runtime/clock";
import type { MessageStore } from "../ports.ts";

const lookEveryMs = 500;
const settled: ReadonlySet<MessageStatus> = new Set([
  "sent",
  "delivered",
  "read",
  "played",
  "failed",
  "canceled",
  "expired",
]);

/** Looks twice a second until the message is sent or has another end. Null when it has none in time or the caller left. */
export async function waitForMessage(
  deps: { messages: MessageStore },
  { tenant, message, waitMs, signal }: { tenant: string; message: Message; waitMs: number; signal: AbortSignal },
): Promise<Message | null> {
  const deadline = monotonicMs() + waitMs;
  for (let seen = message; ; seen = await deps.messages.get(tenant, message.id)) {
    if (settled.has(seen.status)) return seen;
    const left = deadline - monotonicMs();
    if (left <= 0 || signal.aborted) return null;
    await sleep(Math.min(lookEveryMs, left), signal).catch(() => undefined);
  }
}
