import type { Account } from "./accounts.ts";
import type { Network } from "./network.ts";
import type { Behaviour } from "./people/behaviour.ts";
import { robotDevices } from "./people/robot-device.ts";
import { lidGeneration, personJid, setLidGeneration } from "./protocol/jid.ts";
import { node } from "./protocol/node.ts";

/** Changes how a person behaves; what follows from it (a phone that comes back, other devices) happens at once. */
export function changeBehaviour(network: Network, phone: string, patch: Partial<Behaviour>): void {
  const account = network.accounts.get(phone);
  const before = network.behaviourOf(phone).companions;
  account.behaviour = { ...account.behaviour, ...patch };
  network.changed(phone);
  announceRobots(network, account, before, network.behaviourOf(phone).companions);
  network.wakePhones();
}

/** The number gets another hidden id; messages to the old one still arrive. Those who know the number are told. */
export function changeLid(network: Network, phone: string): string {
  const account = network.accounts.get(phone);
  setLidGeneration(phone, lidGeneration(phone) + 1);
  network.changed(phone);
  tellContacts(network, account, "update", [0]);
  return personJid(phone, "lid");
}

function announceRobots(network: Network, account: Account, before: number, after: number): void {
  if (after > before) tellContacts(network, account, "add", robotDevices(after).slice(before));
  if (after < before) tellContacts(network, account, "remove", robotDevices(before).slice(after));
}

/** `devices` notification to every linked account that has written to this number. */
function tellContacts(network: Network, of: Account, change: "add" | "remove" | "update", devices: number[]): void {
  const list = devices.map((device) =>
    node("device", { jid: personJid(of.number, "pn", device), "key-index": device === 0 ? undefined : String(device) }),
  );
  for (const account of network.accounts.all()) {
    if (account.companions.size === 0 || network.ledger.arrivals(of.number, account.number) === 0) continue;
    for (const companion of account.companions.values()) {
      const content = node(change, { device_hash: `2:${devices.join("-")}` }, list);
      network.notify(companion, personJid(of.number, "pn"), "devices", [content]);
    }
  }
}
