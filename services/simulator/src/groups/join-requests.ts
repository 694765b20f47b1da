import type { Network } from "../network.ts";
import { node } from "../protocol/node.ts";
import type { ParticipantResult } from "./change-participants.ts";
import { type Group, isAdmin } from "./group.ts";
import { joinGroup } from "./group-actions.ts";
import { personAttributes } from "./group-node.ts";
import { tellMembers } from "./group-notices.ts";

/** What an admin answers to those who want to join, named as on the wire. */
export type JoinDecision = "approve" | "reject";

/**
 * The person comes by the group's link: in at once, or on the list of those who wait when admins approve. `member`:
 * was in it already.
 */
export function joinByLink(network: Network, group: Group, phone: string): "joined" | "waits" | "member" {
  if (group.participants.has(phone)) return "member";
  if (!group.joinApproval) {
    joinGroup(network, group, phone);
    return "joined";
  }
  if (!group.requests.has(phone)) {
    group.requests.set(phone, Math.floor(network.now().getTime() / 1000));
    tellAdmins(network, group, phone, "created_membership_requests", phone);
  }
  return "waits";
}

/** An admin lets people in or turns them away; 404 for who does not wait. The caller has checked the rights. */
export function decideRequests(
  network: Network,
  group: Group,
  actor: string,
  decision: JoinDecision,
  phones: readonly string[],
): ParticipantResult[] {
  return phones.map((phone) => {
    if (!group.requests.delete(phone)) return { phone, error: "404" };
    if (decision === "approve") joinGroup(network, group, phone);
    else tellAdmins(network, group, actor, "revoked_membership_requests", phone);
    return { phone };
  });
}

/** Admins hear of requests, others do not; the shape as Baileys reads it in Socket/messages-recv. */
function tellAdmins(network: Network, group: Group, actor: string, tag: string, phone: string): void {
  const admins = [...group.participants.keys()].filter((member) => isAdmin(group, member));
  const participant = node("participant", personAttributes(phone, network.addressing));
  tellMembers(network, group, actor, node(tag, { request_method: "invite_link" }, [participant]), admins);
}
