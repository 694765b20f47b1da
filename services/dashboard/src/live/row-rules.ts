import type { Envelope, EventData } from "@flotilla/shared/contract/events";
import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import type { Chat } from "@flotilla/shared/contract/http-chats";
import type { Message } from "@flotilla/shared/contract/http-messages";
import type { Session } from "@flotilla/shared/contract/http-sessions";
import type { MessageFilter } from "../lib/api-client.ts";
import { foldStatusChange, messageIn, statusChangeIn } from "./fold-message.ts";
import type { RowRules } from "./fold-pages.ts";

const sessionOf = (event: Envelope): string => event.session?.id ?? event.subject;

/** A session after an event; null when it was deleted. A status report older than the row changes nothing. */
export function foldSession(session: Session, event: Envelope): Session | null {
  if (!event.type.startsWith("session.") || sessionOf(event) !== session.id) return session;
  if (event.type === "session.deleted") return null;
  if (event.type === "session.paired") {
    const paired = event.data as EventData<"session.paired">;
    return { ...session, ...paired, paired_at: session.paired_at ?? event.time };
  }
  if (event.type !== "session.status_changed") return session;
  const change = event.data as EventData<"session.status_changed">;
  if (change.revision <= session.revision) return session;
  return {
    ...session,
    status: change.status,
    status_reason: change.reason,
    status_since: change.since,
    status_deadline: change.deadline,
    desired: change.desired,
    phone: change.phone ?? session.phone,
    connected_at: change.status === "connected" ? change.since : session.connected_at,
    revision: change.revision,
  };
}

/** A campaign after an event. Totals come whole, so the latest report wins. */
export function foldCampaign(campaign: Campaign, event: Envelope): Campaign {
  const data = event.data as { campaign_id?: string };
  if (data.campaign_id !== campaign.id) return campaign;
  if (event.type === "campaign.status_changed") {
    const { status, reason, revision } = event.data as EventData<"campaign.status_changed">;
    if (revision <= campaign.revision) return campaign;
    const started_at = campaign.started_at ?? (status === "running" ? event.time : null);
    const ends = status === "completed" || status === "canceled";
    const finished_at = ends ? (campaign.finished_at ?? event.time) : campaign.finished_at;
    return { ...campaign, status, status_reason: reason, revision, started_at, finished_at };
  }
  if (event.type === "campaign.progressed") {
    const { totals, rate_per_minute, eta } = event.data as EventData<"campaign.progressed">;
    return { ...campaign, totals, accepted: acceptedOf(totals), rate_per_minute, eta };
  }
  if (event.type === "campaign.completed") {
    const { totals } = event.data as EventData<"campaign.completed">;
    return { ...campaign, totals, accepted: acceptedOf(totals), eta: null };
  }
  return campaign;
}

const acceptedOf = (totals: Campaign["totals"]): number =>
  totals.received - totals.invalid - totals.duplicate - totals.suppressed;

/** A chat after an event: its newest message, how many are unread. */
export function foldChat(chat: Chat, event: Envelope): Chat {
  if (event.type === "chat.read") {
    return (event.data as EventData<"chat.read">).chat_id === chat.id ? { ...chat, unread: 0 } : chat;
  }
  if (isSuppressionOf(chat, event)) {
    const { suppression } = event.data as EventData<"suppression.added">;
    return { ...chat, suppressed: event.type === "suppression.added" ? suppression.scope : "none" };
  }
  const message = messageIn(event);
  if (message?.chat_id === chat.id) {
    if (chat.last_message?.id === message.id) return chat;
    const unread = message.direction === "in" ? chat.unread + 1 : chat.unread;
    return { ...chat, last_message: message, last_message_at: event.time, unread };
  }
  const change = statusChangeIn(event);
  if (!change || chat.last_message?.id !== change.message_id) return chat;
  return { ...chat, last_message: foldStatusChange(chat.last_message, change) };
}

/** Whether the event says that the chat's person is, or is no longer, kept from messages. */
function isSuppressionOf(chat: Chat, event: Envelope): boolean {
  if (event.type !== "suppression.added" && event.type !== "suppression.removed") return false;
  const { suppression } = event.data as EventData<"suppression.added">;
  return suppression.address.contact_id === chat.party.contact_id;
}

export const sessionRules = (filter: { status?: string | undefined }): RowRules<Session> => ({
  isAbout: (session, event) => event.type.startsWith("session.") && sessionOf(event) === session.id,
  change: foldSession,
  bring: (event) =>
    event.type === "session.created" && filter.status === undefined
      ? (event.data as EventData<"session.created">).session
      : null,
  isMissed: (event) => event.type === "session.created" || event.type === "session.status_changed",
  movesUp: () => false,
});

export const campaignRules: RowRules<Campaign> = {
  isAbout: (campaign, event) => event.data["campaign_id"] === campaign.id && event.type.startsWith("campaign."),
  change: foldCampaign,
  bring: () => null,
  isMissed: (event) => event.type === "campaign.created" || event.type === "campaign.status_changed",
  movesUp: () => false,
};

export const chatRules = (filter: { session?: string | undefined }): RowRules<Chat> => ({
  isAbout: (chat, event) =>
    (messageIn(event)?.chat_id ?? event.data["chat_id"]) === chat.id || isSuppressionOf(chat, event),
  change: foldChat,
  bring: () => null,
  isMissed: (event) => {
    const message = messageIn(event);
    return message !== null && (filter.session === undefined || filter.session === message.session_id);
  },
  movesUp: (event) => messageIn(event) !== null,
});

/** Rules of a message list; one with a status filter is asked again rather than guessed. */
export const messageRules = (filter: MessageFilter & { chat?: string | undefined }): RowRules<Message> => {
  const belongs = (about: { session?: string | undefined; chat: string; campaign: string | null }): boolean =>
    (filter.session === undefined || about.session === undefined || filter.session === about.session) &&
    (filter.chat === undefined || filter.chat === about.chat) &&
    (filter.campaign === undefined || filter.campaign === about.campaign);
  const fits = (message: Message): boolean =>
    belongs({ session: message.session_id, chat: message.chat_id, campaign: message.campaign_id }) &&
    (filter.direction === undefined || filter.direction === message.direction) &&
    (filter.status === undefined || filter.status === message.status);
  return {
    isAbout: (message, event) => statusChangeIn(event)?.message_id === message.id,
    change: (message, event) => {
      const change = statusChangeIn(event);
      return change ? foldStatusChange(message, change) : message;
    },
    bring: (event) => {
      const message = messageIn(event);
      return message && fits(message) ? message : null;
    },
    isMissed: (event) => {
      const change = statusChangeIn(event);
      return (
        change !== null && belongs({ session: event.session?.id, chat: change.chat_id, campaign: change.campaign_id })
      );
    },
    movesUp: () => false,
  };
};
