import type { Envelope, EventType } from "@flotilla/shared/contract/events";
import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import type { Chat } from "@flotilla/shared/contract/http-chats";
import type { Party } from "@flotilla/shared/contract/http-common";
import type { Message } from "@flotilla/shared/contract/http-messages";
import type { Session } from "@flotilla/shared/contract/http-sessions";
import { mintUuid } from "@flotilla/shared/contract/ids";
import type { PairingUpdate } from "@flotilla/shared/contract/realtime";
import type { MessageStatus, SessionStatus } from "@flotilla/shared/contract/statuses";

export interface PhoneLine {
  id: string;
  chat: string;
  from_me: boolean;
  kind: string;
  text: string | null;
  at: string;
  status: string;
}

/**
 * A pretended tenant in memory with a real event log, to look at the page while the platform is not at hand. It keeps
 * the contract's shapes and the log's rules (dense sequence, one event a change); it proves nothing about the platform.
 */
export class World {
  readonly logId = mintUuid();
  readonly tenant = mintUuid();
  readonly log: Envelope[] = [];
  readonly sessions = new Map<string, Session>();
  readonly chats = new Map<string, Chat>();
  readonly messages: Message[] = [];
  readonly campaigns = new Map<string, Campaign>();
  readonly pairings = new Map<string, PairingUpdate>();
  readonly phones = new Map<string, PhoneLine[]>();
  onEvent: (event: Envelope) => void = () => undefined;
  onPairing: (update: PairingUpdate) => void = () => undefined;

  get head(): number {
    return this.log.length;
  }

  publish(type: EventType, data: Record<string, unknown>, about: { session?: Session; subject: string }): void {
    const { session, subject } = about;
    const event: Envelope = {
      id: mintUuid(),
      type,
      schema: `${type}.v1`,
      time: now(),
      tenant: this.tenant,
      sequence: this.log.length + 1,
      log_id: this.logId,
      lease_epoch: null,
      session: session ? { id: session.id, name: session.name, phone: session.phone } : null,
      subject,
      request_id: null,
      data,
    };
    this.log.push(event);
    this.onEvent(event);
  }

  addSession(name: string, changes: Partial<Session> = {}): Session {
    const session: Session = {
      id: mintUuid(),
      name,
      display_name: null,
      network: "simulated",
      desired: "running",
      status: "starting",
      status_reason: null,
      status_since: now(),
      status_deadline: null,
      phone: null,
      lid: null,
      jid: null,
      push_name: null,
      platform: null,
      metadata: {},
      worker_id: mintUuid(),
      paired_at: null,
      connected_at: null,
      created_at: now(),
      updated_at: now(),
      revision: 1,
      ...changes,
    };
    this.sessions.set(session.id, session);
    this.publish("session.created", { session }, { session, subject: session.id });
    return session;
  }

  moveSession(id: string, status: SessionStatus, changes: Partial<Session> = {}): void {
    const before = this.sessions.get(id);
    if (!before) return;
    const session: Session = {
      ...before,
      status_reason: null,
      ...changes,
      status,
      status_since: now(),
      revision: before.revision + 1,
    };
    this.sessions.set(id, session);
    const { status_reason: reason, desired, status_since: since, phone, revision } = session;
    const data = { previous: before.status, status, reason, desired, since, deadline: null, phone, revision };
    this.publish("session.status_changed", data, { session, subject: id });
  }

  offerCode(id: string, round: number, validMs: number): void {
    const session = this.sessions.get(id);
    const value = `2@${mintUuid()}${mintUuid()},${mintUuid()},${mintUuid()},${id}`;
    const expires_at = new Date(Date.now() + validMs).toISOString();
    const update: PairingUpdate = { session_id: id, kind: "qr", value, attempt: 1, round, expires_at };
    this.pairings.set(id, update);
    this.publish("session.qr_issued", { attempt: 1, round, expires_at }, { ...(session && { session }), subject: id });
    this.onPairing(update);
  }

  chatOf(session: Session, party: Party): Chat {
    const known = [...this.chats.values()].find(
      (chat) => chat.session_id === session.id && chat.party.contact_id === party.contact_id,
    );
    if (known) return known;
    const chat: Chat = {
      id: mintUuid(),
      session_id: session.id,
      kind: "direct",
      party,
      unread: 0,
      last_message: null,
      last_message_at: now(),
      suppressed: "none",
    };
    this.chats.set(chat.id, chat);
    return chat;
  }

  addMessage(session: Session, party: Party, body: string, changes: Partial<Message> = {}): Message {
    const chat = this.chatOf(session, party);
    const message: Message = {
      id: mintUuid(),
      direction: "out",
      session_id: session.id,
      chat_id: chat.id,
      party,
      type: "text",
      text: { body },
      category: "service",
      status: "queued",
      status_reason: null,
      failure: null,
      wa_message_id: mintUuid().slice(0, 20).toUpperCase(),
      client_ref: null,
      campaign_id: null,
      batch_id: null,
      expires_at: null,
      accepted_at: now(),
      sent_at: null,
      delivered_at: null,
      read_at: null,
      played_at: null,
      metadata: {},
      request_id: null,
      revision: 1,
      ...changes,
    };
    this.messages.push(message);
    const isInbound = message.direction === "in";
    Object.assign(chat, {
      last_message: message,
      last_message_at: message.accepted_at,
      unread: chat.unread + (isInbound ? 1 : 0),
    });
    if (isInbound) this.publish("message.received", { message, delayed: false }, { session, subject: message.id });
    else this.publish("message.accepted", { message }, { session, subject: message.id });
    return { ...message };
  }

  moveMessage(id: string, status: MessageStatus): void {
    const message = this.messages.find((candidate) => candidate.id === id);
    const session = message && this.sessions.get(message.session_id);
    if (!message || !session) return;
    const previous = message.status;
    message.status = status;
    message.revision++;
    const { chat_id, client_ref, campaign_id, revision } = message;
    const ids = { message_id: id, chat_id, client_ref, campaign_id };
    const data = { ...ids, previous, status, reason: null, failure: null, at: now(), revision };
    this.publish("message.status_changed", data, { session, subject: id });
  }

  progress(id: string, totals: Partial<Campaign["totals"]>, rate: number | null): void {
    const campaign = this.campaigns.get(id);
    if (!campaign) return;
    campaign.totals = { ...campaign.totals, ...totals };
    campaign.rate_per_minute = rate;
    const data = { campaign_id: id, totals: campaign.totals, rate_per_minute: rate, eta: campaign.eta };
    this.publish("campaign.progressed", data, { subject: id });
  }

  page<Row>(data: Row[]) {
    return { data, next_cursor: null, has_more: false, sequence: this.head, log_id: this.logId };
  }
}

const now = (): string => new Date().toISOString();

export function aParty(phone: string, display_name: string | null = null): Party {
  return {
    contact_id: mintUuid(),
    input: phone,
    phone: `+${phone}`,
    lid: null,
    jid: `${phone}@s.whatsapp.net`,
    display_name,
  };
}
