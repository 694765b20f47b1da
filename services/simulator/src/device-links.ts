import type { Account, Companion } from "./accounts.ts";
import { devicesThatKnow } from "./acquaintances.ts";
import { endLink } from "./endings.ts";
import type { Network } from "./network.ts";
import { personJid } from "./protocol/jid.ts";
import { node } from "./protocol/node.ts";

/** A device has been paired: it belongs to the account from now on, and the account's other devices are told. */
export function linkDevice(network: Network, account: Account, companion: Companion): void {
  const { phone, device } = companion.address;
  account.companions.set(device, companion);
  network.stats.pairings += 1;
  tellDevicesChanged(network, account, "add", device);
  network.changed(account.number);
  network.logger.info({ phone: shortened(phone), device }, "A device was linked");
}

/** Removes a device from its account; `logged_out`: it asked for it, otherwise it is told. False if unknown. */
export function unlinkDevice(
  network: Network,
  account: Account,
  device: number,
  reason: "logged_out" | "removed_by_phone",
): boolean {
  const companion = account.companions.get(device);
  if (!companion) return false;
  account.companions.delete(device);
  const { link } = companion;
  if (link) endLink(link, reason === "logged_out" ? "close" : "device_removed");
  tellDevicesChanged(network, account, "remove", device);
  network.changed(account.number);
  network.logger.info({ phone: shortened(account.number), device, reason }, "A device was unlinked");
  return true;
}

/** A number as it may appear in logs. */
export function shortened(phone: string): string {
  return `…${phone.slice(-4)}`;
}

function tellDevicesChanged(network: Network, account: Account, change: "add" | "remove", device: number): void {
  const from = personJid(account.number, "pn");
  const jid = personJid(account.number, "pn", device);
  for (const other of [...account.companions.values(), ...devicesThatKnow(network, account.number)]) {
    if (other.address.phone === account.number && other.address.device === device) continue;
    network.notify(other, from, "devices", [
      node(change, { device_hash: `2:${device}` }, [node("device", { jid, "key-index": String(device) })]),
    ]);
  }
}
