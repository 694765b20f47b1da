import { expect, test } from "vitest";

import type { LedgerRow } from "./ledger.ts";
import { judgeDelivery, type SentMessage } from "./verdict.ts";

const message = (phone: string, status = "sent"): SentMessage => ({
  id: phone,
  phone,
  waMessageId: `ID${phone}`,
  status,
});
const row = (phone: string, more: Partial<LedgerRow> = {}): LedgerRow => ({
  sequence: 1,
  phone,
  sender: "1555",
  wa_message_id: `ID${phone}`,
  visible_copies: 1,
  text_sha256: `text for ${phone}`,
  ...more,
});

test("everything sent and shown once is neither lost nor doubled", () => {
  const verdict = judgeDelivery([message("1"), message("2", "read")], [row("1"), row("2")]);
  expect(verdict).toEqual({ missing: [], duplicates: 0, firstDuplicate: null });
});

test("what we call sent and no phone shows is missing", () => {
  const never = message("1");
  const undecrypted = message("2", "delivered");
  const { missing } = judgeDelivery([never, undecrypted], [row("2", { visible_copies: 0 })]);
  expect(missing).toEqual([never, undecrypted]);
});

test("what was never sent cannot be missing", () => {
  expect(judgeDelivery([message("1", "failed"), message("2", "queued")], []).missing).toEqual([]);
});

test("a copy seen twice, and one text under two ids, are duplicates", () => {
  expect(judgeDelivery([], [row("1", { visible_copies: 3 })]).duplicates).toBe(2);
  const again = row("1", { wa_message_id: "OTHER" });
  expect(judgeDelivery([], [row("1"), again])).toMatchObject({ duplicates: 1, firstDuplicate: again });
});

test("texts that cannot be read are told apart by their ids only", () => {
  const rows = [row("1", { text_sha256: null }), row("1", { text_sha256: null, wa_message_id: "OTHER" })];
  expect(judgeDelivery([], rows).duplicates).toBe(0);
});
