import type { Envelope, EventType } from "@flotilla/shared/contract/events";
import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import type { Chat } from "@flotilla/shared/contract/http-chats";
import type { Message } from "@flotilla/shared/contract/http-messages";
import type { Session } from "@flotilla/shared/contract/http-sessions";
import { aCampaign } from "./fake/a-campaign.ts";
import { World, aParty } from "./fake/world.ts";

const world = new World();
export const logId = world.logId;

/** Valid by default; say what matters. */
export const aSession = (changes: Partial<Session> = {}): Session => world.addSession("sales", changes);
export const aMessage = (changes: Partial<Message> = {}): Message =>
  world.addMessage(aSession(), aParty("5511987650011"), "hello", changes);
export const aChat = (changes: Partial<Chat> = {}): Chat => ({
  ...world.chatOf(aSession(), aParty("5511987650012")),
  ...changes,
});
export const someCampaign = (changes: Partial<Campaign> = {}): Campaign => ({
  ...aCampaign("Orders", "running", { received: 100, planned: 100 }),
  ...changes,
});

export function anEvent(
  type: EventType,
  sequence: number,
  data: Record<string, unknown>,
  session?: { id: string },
): Envelope {
  return {
    id: crypto.randomUUID(),
    type,
    schema: `${type}.v1`,
    time: "2026-03-01T10:00:00.000Z",
    tenant: world.tenant,
    sequence,
    log_id: logId,
    lease_epoch: null,
    session: session ? { id: session.id, name: "sales", phone: null } : null,
    subject: session?.id ?? "",
    request_id: null,
    data,
  };
}

export const aPage = <Row>(data: Row[], sequence = 10) => ({
  data,
  next_cursor: null,
  has_more: false,
  sequence,
  log_id: logId,
});
