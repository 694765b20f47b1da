import type { MessageFilter } from "./api-client.ts";

/**
 * Every cached answer by its key. The first word says which events may change it (`live/live-cache.ts`), the last
 * element is the filter it was asked with.
 */
export const queryKeys = {
  me: ["me"] as const,
  overview: ["overview"] as const,
  sessions: (filter: { status?: string | undefined }) => ["sessions", filter] as const,
  session: (id: string) => ["session", id] as const,
  campaigns: (filter: { status?: string | undefined }) => ["campaigns", filter] as const,
  campaign: (id: string) => ["campaign", id] as const,
  lineErrors: (id: string) => ["line-errors", id] as const,
  chats: (filter: { session?: string | undefined }) => ["chats", filter] as const,
  chat: (id: string) => ["chat", id] as const,
  chatMessages: (id: string) => ["chat-messages", id] as const,
  messages: (filter: MessageFilter) => ["messages", filter] as const,
  timeline: (id: string) => ["timeline", id] as const,
  fleet: ["fleet"] as const,
  phone: (phone: string) => ["phone", phone] as const,
};
