import type { Companion } from "./accounts.ts";
import type { Network } from "./network.ts";
import { personJid } from "./protocol/jid.ts";
import { node } from "./protocol/node.ts";

/** A person blocks or unblocks a number, on the phone or by a linked device (`by`); the other devices are told. */
export function setBlocked(network: Network, phone: string, other: string, blocked: boolean, by?: Companion): void {
  const account = network.accounts.get(phone);
  if (blocked) account.blocked.add(other);
  else account.blocked.delete(other);
  network.changed(phone);
  const item = node("item", { jid: personJid(other, "lid"), action: blocked ? "block" : "unblock" });
  for (const companion of account.companions.values()) {
    if (companion === by) continue;
    network.notify(companion, personJid(phone, "pn"), "account_sync", [
      node("blocklist", { action: "modify" }, [item]),
    ]);
  }
}
