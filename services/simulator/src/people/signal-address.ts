import type { DeviceAddress } from "../envelope.ts";
import { lidOf } from "../protocol/jid.ts";

/** Where Signal sessions and sender keys live: under the hidden id, whichever address the wire used. */
export function signalAddress({ phone, device }: DeviceAddress): string {
  return `${lidOf(phone)}_1.${device}`;
}
