import type { DeviceAddress } from "./envelope.ts";
import type { Network } from "./network.ts";
import type { KeyBundle } from "./people/signal-store.ts";
import { node } from "./protocol/node.ts";

/** Fewer one-time keys left than this, and the device is asked for more. */
const LOW = 5;

/**
 * Keys with which a stranger opens a Signal session with this device, and one of its one-time keys fewer; undefined
 * when there is no such device.
 */
export function takeBundle(network: Network, { phone, device }: DeviceAddress): KeyBundle | undefined {
  const account = network.accounts.get(phone);
  if (device === 0) return network.devicesOf(phone) && account.phone.signal.nextBundle();
  const companion = account.companions.get(device);
  if (!companion) {
    return network.robotsOf(phone).includes(device) ? account.robot(device).signal.nextBundle() : undefined;
  }
  network.changed(phone);
  const bundle = companion.takeBundle();
  const left = companion.keys.oneTimeKeys.length;
  if (left > 0 && left < LOW) {
    // The address with an empty user part: Baileys takes "s.whatsapp.net" for somebody whose identity changed.
    network.notify(companion, "@s.whatsapp.net", "encrypt", [node("count", { value: String(left) })]);
  }
  return bundle;
}
