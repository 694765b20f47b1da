import type { Envelope } from "@flotilla/shared/contract/events";
import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import type { Chat } from "@flotilla/shared/contract/http-chats";
import type { Message } from "@flotilla/shared/contract/http-messages";
import type { Session } from "@flotilla/shared/contract/http-sessions";
import type { MessageFilter } from "../lib/api-client.ts";
import { type Folded, type Pages, foldPages } from "./fold-pages.ts";
import {
  campaignRules,
  chatRules,
  foldCampaign,
  foldChat,
  foldSession,
  messageRules,
  sessionRules,
} from "./row-rules.ts";

/**
 * What a cached answer becomes when events arrive: the one place that knows which events touch which query. Pure; the
 * same data object comes back when nothing changed. `stale` asks the caller to read the answer again.
 */
export function foldEvents(key: readonly unknown[], data: unknown, events: readonly Envelope[]): Folded<unknown> {
  if (data === undefined) return { data, stale: false };
  const filter = (key[1] ?? {}) as { status?: string | undefined };
  switch (key[0]) {
    case "overview":
      return { data, stale: events.some(({ sequence }) => sequence > (data as { sequence: number }).sequence) };
    case "sessions": {
      const folded = foldPages(data as Pages<Session>, events, sessionRules(filter));
      return filter.status === undefined ? folded : { ...folded, stale: folded.stale || folded.data !== data };
    }
    case "campaigns": {
      const folded = foldPages(data as Pages<Campaign>, events, campaignRules);
      return filter.status === undefined ? folded : { ...folded, stale: folded.stale || hasStatusChange(events) };
    }
    case "chats":
      return foldPages(data as Pages<Chat>, events, chatRules(filter as { session?: string }));
    case "chat-messages":
      return foldPages(data as Pages<Message>, events, messageRules({ chat: key[1] as string }));
    case "messages": {
      const folded = foldPages(data as Pages<Message>, events, messageRules(filter as MessageFilter));
      return filter.status === undefined ? folded : { ...folded, stale: folded.stale || folded.data !== data };
    }
    case "session": {
      const next = events.reduce<Session | null>((row, event) => row && foldSession(row, event), data as Session);
      return next === null ? { data, stale: true } : { data: next, stale: false };
    }
    case "campaign":
      return { data: events.reduce(foldCampaign, data as Campaign), stale: false };
    case "chat":
      return { data: events.reduce(foldChat, data as Chat), stale: false };
    default:
      return { data, stale: false };
  }
}

const hasStatusChange = (events: readonly Envelope[]): boolean =>
  events.some(({ type }) => type === "campaign.status_changed");
