import { type Group, isAdmin } from "./group.ts";

/** What can be done to participants, named as on the wire. */
export const participantActions = ["add", "remove", "promote", "demote"] as const;
export type ParticipantAction = (typeof participantActions)[number];

/** What became of one number; `error` absent: done. */
export interface ParticipantResult {
  readonly phone: string;
  readonly error?: "403" | "404" | "409" | undefined;
}

/** What the rules have to know about people outside the group. */
export interface Acquaintance {
  exists(phone: string): boolean;
  /** False when the person blocks the actor or lets nobody add them to groups. */
  canBeAdded(phone: string, by: string): boolean;
}

/** Whether this person may do that at all; the whole request is refused otherwise. */
export function mayChange(group: Group, actor: string, action: ParticipantAction): boolean {
  if (isAdmin(group, actor)) return true;
  return action === "add" && group.membersAdd && group.participants.has(actor);
}

/**
 * Changes the group and says for each number what became of it: 404 not on WhatsApp or not in the group,
 * 409 already in it, 403 the person or their rank forbids it.
 */
export function changeParticipants(
  group: Group,
  actor: string,
  action: ParticipantAction,
  phones: readonly string[],
  people: Acquaintance,
): ParticipantResult[] {
  return phones.map((phone) => ({ phone, error: change(group, actor, action, phone, people) }));
}

function change(
  group: Group,
  actor: string,
  action: ParticipantAction,
  phone: string,
  people: Acquaintance,
): ParticipantResult["error"] {
  const role = group.participants.get(phone);
  if (action === "add") {
    if (role) return "409";
    if (!people.exists(phone)) return "404";
    if (!people.canBeAdded(phone, actor)) return "403";
    group.participants.set(phone, "member");
    return undefined;
  }
  if (!role) return "404";
  if (role === "superadmin" && phone !== actor) return "403";
  if (action === "remove") group.participants.delete(phone);
  else if (role !== "superadmin") group.participants.set(phone, action === "promote" ? "admin" : "member");
  return undefined;
}
