import type { Companion } from "../accounts.ts";
import { isSharedChat } from "../envelope.ts";
import type { Network } from "../network.ts";
import { personJid } from "../protocol/jid.ts";
import { type BinaryNode, children, node } from "../protocol/node.ts";

/** `<presence>`: online or not, the push name, or a wish to see somebody's presence. */
export function handlePresence(network: Network, companion: Companion, stanza: BinaryNode): void {
  const { name, type, to } = stanza.attrs;
  const account = network.accounts.get(companion.address.phone);
  if (name && name !== account.name) {
    account.name = name;
    network.changed(account.number);
  }
  if (type === "available" || type === "unavailable") {
    network.presence.set(account.number, type === "available", Math.floor(network.now().getTime() / 1000));
  }
  if (type !== "subscribe" || !to) return;
  const watched = network.accounts.resolve(to)?.account.number;
  if (watched !== undefined) network.presence.watch(companion, watched, to);
}

/** `<chatstate>`: typing or not; passed on to the devices of the other side that are connected. */
export function handleChatstate(network: Network, companion: Companion, stanza: BinaryNode): void {
  showChatstate(network, companion.address.phone, stanza.attrs["to"] ?? "", children(stanza));
}

/** Shows what a person does in a chat (`<composing/>`, `<paused/>`) to everybody else in it. `to`: JID of the chat. */
export function showChatstate(network: Network, author: string, to: string, content: BinaryNode[]): void {
  const from = personJid(author, network.addressing);
  const shared = isSharedChat(to);
  const person = network.accounts.resolve(to)?.account.number;
  const people = shared ? (network.membersOf(to) ?? []) : person === undefined ? [] : [person];
  const attributes = shared ? { from: to, participant: from } : { from };
  for (const phone of people) {
    if (phone === author) continue;
    for (const other of network.accounts.tryGet(phone)?.companions.values() ?? []) {
      other.link?.send(node("chatstate", attributes, content));
    }
  }
}
