import { assertNever } from "@flotilla/shared/domain/assert-never";
import { Topic } from "@flotilla/shared/contract/realtime";
import type { Access, OwnedKind, Role } from "./ports.ts";

export type TopicKind = "tenant" | "inbox" | "session" | "chat" | "campaign" | "pairing";
export interface ParsedTopic {
  topic: string;
  kind: TopicKind;
  /** The thing it is about; null for `tenant` and `inbox`. */
  id: string | null;
}

/** A topic by its name, ids in lower case, or null when there is no such topic. */
export function tryParseTopic(name: string): ParsedTopic | null {
  const parsed = Topic.safeParse(name.toLowerCase());
  if (!parsed.success) return null;
  const [kind, id = null] = parsed.data.split(":") as [TopicKind, string?];
  return { topic: parsed.data, kind, id };
}

/**
 * Room names are made here, from the tenant of the connection and a topic that was checked, never taken from a client.
 * A session has one tenant, so its pairing room needs no tenant in its name.
 */
export const topicRoom = (tenantId: string, { topic, kind }: Pick<ParsedTopic, "topic" | "kind">): string =>
  kind === "pairing" ? topic : `topic:${tenantId}:${topic}`;
export const pairingRoom = (sessionId: string): string => `pairing:${sessionId}`;
/** All connections of a tenant, and of one of its members: for counting and for sending them away. */
export const tenantRoom = (tenantId: string): string => `tenant:${tenantId}`;
export const memberRoom = (tenantId: string, memberId: string): string => `member:${tenantId}:${memberId}`;

/** Pairing takes over a session, so only those who may change sessions see its codes; the inbox does not see campaigns. */
const refusedTo: Record<TopicKind, readonly Role[]> = {
  tenant: [],
  inbox: [],
  session: [],
  chat: [],
  campaign: ["inbox"],
  pairing: ["campaigner", "inbox", "viewer"],
};

export type JoinVerdict = "allowed" | "forbidden" | "not_found";

/** Whether a member of this role in this tenant may join; something of another tenant is simply not found. */
export async function mayJoin(
  access: Pick<Access, "owns">,
  member: { tenantId: string; role: Role },
  topic: ParsedTopic,
): Promise<JoinVerdict> {
  if (refusedTo[topic.kind].includes(member.role)) return "forbidden";
  const kind = ownedKindOf(topic.kind);
  if (kind === null || topic.id === null) return "allowed";
  return (await access.owns(member.tenantId, kind, topic.id)) ? "allowed" : "not_found";
}

function ownedKindOf(kind: TopicKind): OwnedKind | null {
  switch (kind) {
    case "tenant":
    case "inbox":
      return null;
    case "session":
    case "pairing":
      return "session";
    case "chat":
    case "campaign":
      return kind;
    default:
      return assertNever(kind);
  }
}
