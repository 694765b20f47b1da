import type { Companion } from "./accounts.ts";
import { isSharedChat } from "./envelope.ts";
import type { Network } from "./network.ts";

/** Linked devices of other people who have this number in a chat or share a group with it: they are told of changes. */
export function devicesThatKnow(network: Network, phone: string): Companion[] {
  const partners = network.chats.chats(phone).flatMap(({ chat }) => (isSharedChat(chat) ? [] : [chat]));
  const members = network.groups.of(phone).flatMap(({ participants }) => [...participants.keys()]);
  const people = new Set([...partners, ...members]);
  people.delete(phone);
  return [...people].flatMap((person) => [...(network.accounts.tryGet(person)?.companions.values() ?? [])]);
}
