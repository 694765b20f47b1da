import type { Companion } from "../accounts.ts";
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
  if (type !== "subscribe") return;
  const watched = network.accounts.resolve(to);
  if (!watched || !to) return;
  const online = [...watched.account.companions.values()].some(({ link }) => link);
  const presence = online ? node("presence", { from: to, type: "available" }) : offline(to, network.now());
  companion.link?.send(presence);
}

/** `<chatstate>`: typing or not; passed on to the devices of the other side that are connected. */
export function handleChatstate(network: Network, companion: Companion, stanza: BinaryNode): void {
  const chat = network.accounts.resolve(stanza.attrs["to"]);
  if (!chat) return;
  const from = personJid(companion.address.phone, network.addressing);
  for (const other of chat.account.companions.values()) {
    other.link?.send(node("chatstate", { from }, children(stanza)));
  }
}

function offline(from: string, now: Date): BinaryNode {
  return node("presence", { from, type: "unavailable", last: String(Math.floor(now.getTime() / 1000) - 60) });
}
