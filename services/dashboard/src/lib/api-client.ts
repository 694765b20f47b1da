import {
  Campaign,
  type CampaignCreate,
  CampaignPage,
  CreatedCampaign,
  LineError,
  PartResult,
} from "@flotilla/shared/contract/http-campaigns";
import { Chat, ChatPage, Me, Overview } from "@flotilla/shared/contract/http-chats";
import { FleetMap, Worker, WorkerPage } from "@flotilla/shared/contract/http-fleet";
import { Message, type MessageCreate, MessagePage } from "@flotilla/shared/contract/http-messages";
import { Session, type SessionCreate, SessionPage } from "@flotilla/shared/contract/http-sessions";
import { AddedSuppression, SuppressionPage } from "@flotilla/shared/contract/http-suppressions";
import { Timeline } from "@flotilla/shared/contract/http-timeline";
import { z } from "zod";
import type { ReadLines, SendRequest } from "./send-request.ts";

/** Refused lines of a campaign that are shown; the rest is for a download. */
const shownLineErrors = 200;

/** What a caller says of a message; the rest keeps the API's defaults. */
export type NewMessage = Pick<MessageCreate, "session" | "to" | "type" | "text">;
export type NewSession = Pick<SessionCreate, "name"> & { display_name?: string | null };
export type NewCampaign = Pick<CampaignCreate, "name" | "category" | "content" | "sessions">;
export type SessionRequest = "start" | "stop" | "restart" | "logout";
export type CampaignRequest = "start" | "pause" | "resume" | "cancel";
export interface ListOptions {
  cursor?: string | undefined;
  limit?: number;
  signal?: AbortSignal | undefined;
}
export interface MessageFilter {
  session?: string | undefined;
  campaign?: string | undefined;
  direction?: string | undefined;
  status?: string | undefined;
}

/** One typed call for each route the dashboard uses. Every call throws `RequestError`. */
export function createApiClient({ send, readLines }: { send: SendRequest; readLines: ReadLines }) {
  return {
    me: (signal?: AbortSignal) => send({ path: "/v1/me", answer: Me, signal }),
    overview: (signal?: AbortSignal) => send({ path: "/v1/overview", answer: Overview, signal }),

    sessions: ({ signal, ...query }: ListOptions & { status?: string | undefined; q?: string | undefined }) =>
      send({ path: "/v1/sessions", query: { ...query }, answer: SessionPage, signal }),
    session: (id: string, signal?: AbortSignal) => send({ path: `/v1/sessions/${id}`, answer: Session, signal }),
    createSession: (json: NewSession, idempotencyKey: string) =>
      send({ method: "POST", path: "/v1/sessions", json, idempotencyKey, answer: Session }),
    controlSession: (id: string, request: SessionRequest) =>
      send({ method: "POST", path: `/v1/sessions/${id}/${request}`, answer: z.unknown() }),
    deleteSession: (id: string) => send({ method: "DELETE", path: `/v1/sessions/${id}`, answer: z.unknown() }),

    messages: ({ signal, ...query }: ListOptions & MessageFilter) =>
      send({ path: "/v1/messages", query: { ...query }, answer: MessagePage, signal }),
    timeline: (id: string, signal?: AbortSignal) =>
      send({ path: `/v1/messages/${id}/timeline`, answer: Timeline, signal }),
    sendMessage: (json: NewMessage, idempotencyKey: string) =>
      send({ method: "POST", path: "/v1/messages", json, idempotencyKey, answer: Message }),

    workers: (signal?: AbortSignal) => send({ path: "/v1/workers", answer: WorkerPage, signal }),
    fleetMap: (signal?: AbortSignal) => send({ path: "/v1/ops/shards", answer: FleetMap, signal }),
    drainWorker: (id: string) => send({ method: "POST", path: `/v1/workers/${id}/drain`, answer: Worker }),
    undrainWorker: (id: string) => send({ method: "DELETE", path: `/v1/workers/${id}/drain`, answer: Worker }),

    chats: ({ signal, ...query }: ListOptions & { session?: string | undefined }) =>
      send({ path: "/v1/chats", query: { ...query }, answer: ChatPage, signal }),
    chat: (id: string, signal?: AbortSignal) => send({ path: `/v1/chats/${id}`, answer: Chat, signal }),
    chatMessages: (id: string, { signal, ...query }: ListOptions) =>
      send({ path: `/v1/chats/${id}/messages`, query: { ...query }, answer: MessagePage, signal }),
    markChatRead: (id: string) => send({ method: "POST", path: `/v1/chats/${id}/read`, answer: z.unknown() }),

    suppressions: ({ contact, signal }: { contact: string; signal?: AbortSignal }) =>
      send({ path: "/v1/suppressions", query: { contact }, answer: SuppressionPage, signal }),
    suppress: (address: string) =>
      send({ method: "POST", path: "/v1/suppressions", json: { address }, answer: AddedSuppression }),
    liftSuppression: (id: string, note: string) =>
      send({
        method: "DELETE",
        path: `/v1/suppressions/${id}`,
        query: { note: note === "" ? undefined : note },
        answer: z.unknown(),
      }),

    campaigns: ({ signal, ...query }: ListOptions & { status?: string | undefined }) =>
      send({ path: "/v1/campaigns", query: { ...query }, answer: CampaignPage, signal }),
    campaign: (id: string, signal?: AbortSignal) => send({ path: `/v1/campaigns/${id}`, answer: Campaign, signal }),
    createCampaign: (json: NewCampaign, idempotencyKey: string) =>
      send({ method: "POST", path: "/v1/campaigns", json, idempotencyKey, answer: CreatedCampaign }),
    uploadRecipients: (id: string, csv: Blob | string) =>
      send({
        method: "POST",
        path: `/v1/campaigns/${id}/recipients`,
        raw: { body: csv, type: "text/csv" },
        answer: PartResult,
      }),
    lineErrors: (id: string, signal?: AbortSignal) =>
      readLines({ path: `/v1/campaigns/${id}/errors`, answer: LineError, most: shownLineErrors, signal }),
    controlCampaign: (id: string, request: CampaignRequest) =>
      send({ method: "POST", path: `/v1/campaigns/${id}/${request}`, answer: z.unknown() }),
  };
}

export type ApiClient = ReturnType<typeof createApiClient>;
