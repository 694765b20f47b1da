import { randomBytes } from "node:crypto";
import type { Network } from "../network.ts";
import { personJid } from "../protocol/jid.ts";
import { type BinaryNode, node } from "../protocol/node.ts";
import type { Group } from "./group.ts";
import { groupNode, personAttributes } from "./group-node.ts";

/** Tells the devices of these people (by default all members) what `actor` did to a group. */
export function tellMembers(
  network: Network,
  group: Group,
  actor: string,
  content: BinaryNode,
  members: Iterable<string> = group.participants.keys(),
): void {
  network.groupsChanged();
  const { addressing } = network;
  const other = addressing === "lid" ? "participant_pn" : "participant_lid";
  const t = String(Math.floor(network.now().getTime() / 1000));
  for (const member of new Set(members)) {
    for (const companion of network.accounts.tryGet(member)?.companions.values() ?? []) {
      const attributes = {
        from: group.id,
        type: "w:gp2",
        id: randomBytes(8).toString("hex").toUpperCase(),
        t,
        participant: personJid(actor, addressing),
        [other]: personJid(actor, addressing === "lid" ? "pn" : "lid"),
        addressing_mode: addressing,
      };
      companion.queue.push(node("notification", attributes, [content]));
    }
  }
}

/** New members learn the whole group; `key` comes back to the creator, who recognises the group by it. */
export function tellNewMembers(
  network: Network,
  group: Group,
  actor: string,
  members: readonly string[],
  key?: string,
): void {
  const created = node("create", { type: "new", key }, [groupNode(group, network.addressing)]);
  tellMembers(network, group, actor, created, members);
}

/** Old members learn who was added, removed, promoted or demoted. */
export function participantsNode(network: Network, tag: string, phones: readonly string[]): BinaryNode {
  const people = phones.map((phone) => node("participant", personAttributes(phone, network.addressing)));
  return node(tag, {}, people);
}
