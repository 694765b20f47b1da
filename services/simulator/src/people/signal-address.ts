import type { DeviceAddress } from "../envelope.ts";
import { lidOf } from "../protocol/jid.ts";

/**
 * Name of a Signal session: sessions live under the hidden id, whichever address the wire used. It is the first hidden
 * id of the number for good, so that a change of it leaves the sessions where they are.
 */
export function signalAddress({ phone, device }: DeviceAddress): string {
  return `${lidOf(phone, 0)}_1.${device}`;
}
