import { z } from "zod";
import { PageQuery, Party, SessionRef, Timestamp, pageOf } from "./http-common.ts";
import { Message } from "./http-messages.ts";
import { Suppressed } from "./http-suppressions.ts";

export const ChatListQuery = PageQuery.extend({ session: SessionRef.optional() }).strict();

/** One conversation of one session with one person, newest activity first in lists. */
export const Chat = z
  .object({
    id: z.uuid(),
    session_id: z.uuid(),
    kind: z.enum(["direct"]),
    party: Party,
    unread: z.int(),
    last_message: Message.nullable(),
    last_message_at: Timestamp,
    suppressed: Suppressed.describe("What the person asked, or a member decided, not to get"),
  })
  .meta({ id: "Chat" });
export type Chat = z.infer<typeof Chat>;
export const ChatPage = pageOf(Chat).meta({ id: "ChatPage" });

/** `GET /v1/me`: who the credential is. */
export const Me = z
  .object({
    tenant: z.object({ id: z.uuid(), name: z.string() }),
    member: z.object({ id: z.uuid(), email: z.string().nullable(), role: z.string() }).nullable(),
    scopes: z.array(z.string()),
    simulator: z.boolean().describe("Whether this installation has a simulated WhatsApp network to test with"),
  })
  .meta({ id: "Me" });
export type Me = z.infer<typeof Me>;

/** `GET /v1/overview`: the figures of the Dashboard page, with the event sequence they were read at. */
export const Overview = z
  .object({
    sessions: z.record(z.string(), z.int()).describe("Sessions by status"),
    messages: z
      .record(z.string(), z.int())
      .describe("Messages of the last 24 h by direction and status, `out.sent`, `in.delivered`"),
    waiting: z.object({ queued: z.int(), oldest_at: Timestamp.nullable() }),
    sequence: z.int(),
    log_id: z.uuid(),
  })
  .meta({ id: "Overview" });
export type Overview = z.infer<typeof Overview>;
