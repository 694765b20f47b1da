import { type Addressing, personJid } from "../protocol/jid.ts";
import { type BinaryNode, node } from "../protocol/node.ts";
import type { Group } from "./group.ts";

/** A person as attributes: the address in the group's addressing under `name`, the other one beside it. */
export function personAttributes(phone: string, addressing: Addressing): Record<string, string> {
  return addressing === "lid"
    ? { jid: personJid(phone, "lid"), phone_number: personJid(phone, "pn") }
    : { jid: personJid(phone, "pn"), lid: personJid(phone, "lid") };
}

/** The `<group>` that describes a group to a client (extractGroupMetadata in Baileys' Socket/groups reads it). */
export function groupNode(group: Group, addressing: Addressing): BinaryNode {
  const { description } = group;
  const switches = [
    ...(group.announce ? [node("announcement")] : []),
    ...(group.locked ? [node("locked")] : []),
    ...(group.joinApproval ? [node("membership_approval_mode")] : []),
    ...(group.ephemeral === undefined ? [] : [node("ephemeral", { expiration: String(group.ephemeral) })]),
    node("member_add_mode", {}, Buffer.from(group.membersAdd ? "all_member_add" : "admin_add")),
  ];
  const about = description
    ? [
        node(
          "description",
          {
            id: description.id,
            participant: personJid(description.by, addressing),
            participant_pn: addressing === "lid" ? personJid(description.by, "pn") : undefined,
            t: String(description.at),
          },
          [node("body", {}, Buffer.from(description.body))],
        ),
      ]
    : [];
  const participants = [...group.participants].map(([phone, role]) =>
    node("participant", { ...personAttributes(phone, addressing), type: role === "member" ? undefined : role }),
  );
  const pn = (phone: string): string | undefined => (addressing === "lid" ? personJid(phone, "pn") : undefined);
  return node(
    "group",
    {
      id: group.id.replace("@g.us", ""),
      subject: group.subject,
      creation: String(group.createdAt),
      creator: personJid(group.creator, addressing),
      creator_pn: pn(group.creator),
      s_t: String(group.subjectAt),
      s_o: personJid(group.subjectBy, addressing),
      s_o_pn: pn(group.subjectBy),
      addressing_mode: addressing,
      size: String(group.participants.size),
    },
    [...switches, ...about, ...participants],
  );
}
