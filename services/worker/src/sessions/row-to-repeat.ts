import { randomBytes } from "node:crypto";
import { isOff } from "../mechanisms.ts";
import type { OutboundRow } from "../ports.ts";

/**
 * A message whose first copy may be out already, as it goes out once more: under its own id, by which recipients know
 * it again. Without the mechanism `stable-ids` under a new one, as a sender would choose it who remembers none.
 */
export function rowToRepeat(row: OutboundRow): OutboundRow {
  if (!isOff("stable-ids")) return row;
  return { ...row, wa_message_id: `3EB0${randomBytes(9).toString("hex").toUpperCase()}` };
}
