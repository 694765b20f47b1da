import { randomBytes } from "node:crypto";

/** What a participant may do; the creator is `superadmin` and cannot be removed. */
export type Role = "member" | "admin" | "superadmin";

/** A group chat. People are named by phone number, digits only; times are seconds since 1970. */
export interface Group {
  /** JID, `<digits>@g.us`. */
  readonly id: string;
  readonly creator: string;
  readonly createdAt: number;
  subject: string;
  subjectBy: string;
  subjectAt: number;
  description: { readonly id: string; readonly body: string; readonly by: string; readonly at: number } | undefined;
  readonly participants: Map<string, Role>;
  /** Only admins may write. */
  announce: boolean;
  /** Only admins may change subject, description and picture. */
  locked: boolean;
  /** Any member may add others. */
  membersAdd: boolean;
  /** Admins approve who joins by link. */
  joinApproval: boolean;
  /** Who asked to join and waits for an admin, with the seconds since 1970 when they did. */
  readonly requests: Map<string, number>;
  /** Seconds after which messages disappear; undefined: never. */
  ephemeral: number | undefined;
  /** Path of the group's picture on the media server. */
  picture: string | undefined;
  /** What stands behind chat.whatsapp.com/ in its link. */
  inviteCode: string;
}

/** A group that its creator has just made, alone in it. */
export function createGroup(of: { id: string; creator: string; subject: string; now: number }): Group {
  return {
    id: of.id,
    creator: of.creator,
    createdAt: of.now,
    subject: of.subject,
    subjectBy: of.creator,
    subjectAt: of.now,
    description: undefined,
    participants: new Map([[of.creator, "superadmin"]]),
    announce: false,
    locked: false,
    membersAdd: true,
    joinApproval: false,
    requests: new Map(),
    ephemeral: undefined,
    picture: undefined,
    inviteCode: newInviteCode(),
  };
}

/** A fresh code for a group's link: 22 characters, like real ones. */
export function newInviteCode(): string {
  return randomBytes(17).toString("base64url").slice(0, 22);
}

export function isAdmin(group: Group, phone: string): boolean {
  const role = group.participants.get(phone);
  return role === "admin" || role === "superadmin";
}

/** Whether this person's messages reach the group now. */
export function mayWrite(group: Group, phone: string): boolean {
  return group.participants.has(phone) && (!group.announce || isAdmin(group, phone));
}
