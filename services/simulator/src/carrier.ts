import {
  type DeviceAddress,
  type Envelope,
  isSharedChat,
  messageStanza,
  type Receipt,
  receiptStanza,
} from "./envelope.ts";
import { delayOf } from "./faults.ts";
import type { Network } from "./network.ts";

/** Takes an encrypted copy to its device: to the phone at once, to a companion through its queue. */
export function carryEnvelope(network: Network, envelope: Envelope, to: DeviceAddress): void {
  network.stats.copiesCarried += 1;
  const account = network.accounts.get(to.phone);
  // Who is blocked notices nothing: the server takes the message and brings it to nobody. In groups it comes through.
  if (!isSharedChat(envelope.chat) && account.blocked.has(envelope.sender.phone)) return;
  if (to.device === 0) {
    const { exists, online } = network.behaviourOf(to.phone);
    if (!exists && account.companions.size === 0) return;
    if (online) network.scheduler.detach(() => account.phone.receive(envelope));
    else network.waiting.add(to.phone, envelope);
    return;
  }
  const companion = account.companions.get(to.device);
  if (!companion && network.robotsOf(to.phone).includes(to.device)) {
    network.scheduler.detach(() => account.robot(to.device).receive(envelope));
  }
  if (!companion) return;
  if (!isSharedChat(envelope.chat)) network.limits.get(account.number)?.met(envelope.sender.phone);
  companion.origins.set(envelope.id, { sender: envelope.sender, chat: envelope.chat });
  const { addressing } = network.behaviourOf(envelope.sender.phone);
  const used = addressing === "network" ? network.addressing : addressing;
  companion.queue.push(messageStanza(envelope, used, addressing !== "pn"));
}

/** Takes a receipt to the device that sent the message, as the faults in force would have it. */
export function carryReceipt(network: Network, receipt: Receipt): void {
  const route = { sender: receipt.to.phone, recipient: receipt.from.phone };
  if (network.faults.hit("drop_receipt", route)) return;
  const delay = network.faults.hit("delay_receipt", route);
  if (delay) network.scheduler.after(delayOf(delay, network.random), () => arrive(network, receipt));
  else arrive(network, receipt);
  const again = network.faults.hit("duplicate_receipt", route);
  for (let copy = 0; copy < (again?.copies ?? 0); copy++) {
    network.scheduler.after(again?.delay_ms ?? 0, () => arrive(network, receipt));
  }
}

function arrive(network: Network, receipt: Receipt): void {
  network.stats.receiptsCarried += 1;
  const account = network.accounts.get(receipt.to.phone);
  if (receipt.to.device === 0) {
    network.scheduler.detach(() => account.phone.receiveReceipt(receipt));
    return;
  }
  if (receipt.type === undefined || receipt.type === "read") {
    const status = receipt.type === "read" ? "read" : "delivered";
    for (const id of receipt.ids) network.chats.raise(account.number, id, status);
  }
  account.companions.get(receipt.to.device)?.queue.push(receiptStanza(receipt, network.addressing));
}
