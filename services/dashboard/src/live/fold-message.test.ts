import type { EventData } from "@flotilla/shared/contract/events";
import type { Message } from "@flotilla/shared/contract/http-messages";
import type { MessageStatus } from "@flotilla/shared/contract/statuses";
import { expect, test } from "vitest";
import { aMessage } from "../../test/builders.ts";
import { foldStatusChange } from "./fold-message.ts";

const at = "2026-03-01T10:00:00.000Z";

function change(message: Message, status: MessageStatus, revision: number): EventData<"message.status_changed"> {
  const { id, chat_id, client_ref, campaign_id, status: previous } = message;
  const ids = { message_id: id, chat_id, client_ref, campaign_id };
  return { ...ids, previous, status, reason: null, failure: null, at, revision };
}

test.each<[from: MessageStatus, told: MessageStatus, revision: number, becomes: MessageStatus]>([
  ["queued", "sent", 3, "sent"],
  ["sent", "read", 4, "read"],
  ["read", "delivered", 9, "read"],
  ["delivered", "sent", 9, "delivered"],
  ["failed", "delivered", 9, "delivered"],
  ["unknown", "sent", 2, "sent"],
  ["queued", "failed", 3, "failed"],
  ["queued", "held", 3, "held"],
  ["queued", "held", 2, "queued"],
  ["sent", "failed", 9, "sent"],
])("a message that is %s and is told %s at revision %i becomes %s", (from, told, revision, becomes) => {
  const message = aMessage({ status: from, revision: 2 });
  expect(foldStatusChange(message, change(message, told, revision)).status).toBe(becomes);
});

test("a late receipt still leaves its time", () => {
  const message = aMessage({ status: "read", read_at: at, delivered_at: null, revision: 7 });
  const folded = foldStatusChange(message, change(message, "delivered", 6));
  expect(folded).toMatchObject({ status: "read", delivered_at: at, revision: 7 });
});

test("evidence takes a failure away", () => {
  const failure = { code: "no_ack", detail: "", retryable: false };
  const message = aMessage({ status: "failed", failure, revision: 2 });
  expect(foldStatusChange(message, change(message, "sent", 3)).failure).toBeNull();
});
