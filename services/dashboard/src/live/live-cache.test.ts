import { expect, test } from "vitest";
import { aChat, aMessage, aPage, aSession, anEvent, someCampaign } from "../../test/builders.ts";
import type { Pages } from "./fold-pages.ts";
import { foldEvents } from "./live-cache.ts";

const list = <Row>(...rows: Row[]): Pages<Row> => ({ pages: [aPage(rows)], pageParams: [undefined] });
const rowsOf = (data: unknown): unknown[] => (data as Pages<unknown>).pages.flatMap((page) => page.data);
const connected = (id: string, sequence: number, revision: number) =>
  anEvent(
    "session.status_changed",
    sequence,
    {
      previous: "syncing",
      status: "connected",
      reason: null,
      desired: "running",
      since: "2026-03-01T10:00:00.000Z",
      deadline: null,
      phone: "+5511955550101",
      revision,
    },
    { id },
  );

test("a session in a list takes its new status and number", () => {
  const session = aSession({ status: "syncing", revision: 3 });
  const { data, stale } = foldEvents(["sessions", {}], list(session), [connected(session.id, 11, 4)]);
  expect(rowsOf(data)).toMatchObject([{ status: "connected", phone: "+5511955550101", revision: 4 }]);
  expect(stale).toBe(false);
});

test("an event that a page already holds changes nothing and asks for nothing", () => {
  const session = aSession({ status: "stopped", revision: 3 });
  const before = list(session);
  expect(foldEvents(["sessions", {}], before, [connected(session.id, 10, 9)])).toEqual({ data: before, stale: false });
});

test("a report older than the row changes nothing", () => {
  const session = aSession({ status: "stopped", revision: 8 });
  const before = list(session);
  expect(foldEvents(["sessions", {}], before, [connected(session.id, 11, 7)]).data).toBe(before);
});

test("a new session comes to the head once, however often it is told", () => {
  const session = aSession();
  const created = anEvent("session.created", 11, { session }, session);
  const once = foldEvents(["sessions", {}], list(aSession()), [created]).data;
  const twice = foldEvents(["sessions", {}], once, [created]).data;
  expect(rowsOf(twice)).toHaveLength(2);
  expect(rowsOf(twice)[0]).toEqual(session);
});

test("a deleted session leaves the list", () => {
  const session = aSession();
  const { data } = foldEvents(["sessions", {}], list(session), [anEvent("session.deleted", 11, {}, session)]);
  expect(rowsOf(data)).toEqual([]);
});

test("a list of one status is read again when a session leaves that status", () => {
  const session = aSession({ status: "syncing", revision: 1 });
  const filter = { status: "syncing" };
  expect(foldEvents(["sessions", filter], list(session), [connected(session.id, 11, 2)]).stale).toBe(true);
});

test("an inbound message lifts its chat to the head and counts as unread", () => {
  const [one, other] = [aChat(), { ...aChat(), id: crypto.randomUUID() }];
  const message = aMessage({ direction: "in", chat_id: other.id });
  const received = anEvent("message.received", 11, { message, delayed: false });
  const { data } = foldEvents(["chats", {}], list(one, other), [received]);
  expect(rowsOf(data)).toMatchObject([
    { id: other.id, unread: 1, last_message: { id: message.id } },
    { id: one.id, unread: 0 },
  ]);
});

test("a message of a chat we do not hold asks for the list", () => {
  const message = aMessage({ direction: "in", chat_id: crypto.randomUUID() });
  const received = anEvent("message.received", 11, { message, delayed: false });
  expect(foldEvents(["chats", {}], list(aChat()), [received]).stale).toBe(true);
  expect(foldEvents(["chats", { session: crypto.randomUUID() }], list(aChat()), [received]).stale).toBe(false);
});

test("a person's suppression marks their chats and no others, until it is lifted", () => {
  const one = aChat();
  const other = aChat({ id: crypto.randomUUID(), party: { ...one.party, contact_id: crypto.randomUUID() } });
  const suppression = { address: { contact_id: one.party.contact_id }, scope: "all" };
  const added = anEvent("suppression.added", 11, { suppression, canceled: 0 });
  const { data, stale } = foldEvents(["chats", {}], list(one, other), [added]);
  expect(rowsOf(data)).toMatchObject([
    { id: one.id, suppressed: "all" },
    { id: other.id, suppressed: "none" },
  ]);
  expect(stale).toBe(false);
  const removed = anEvent("suppression.removed", 12, { suppression, by: null, note: null });
  expect(foldEvents(["chat", one.id], one, [added]).data).toMatchObject({ suppressed: "all" });
  expect(foldEvents(["chat", one.id], one, [added, removed]).data).toMatchObject({ suppressed: "none" });
});

test("a conversation takes its own messages only", () => {
  const message = aMessage();
  const accepted = anEvent("message.accepted", 11, { message });
  expect(rowsOf(foldEvents(["chat-messages", message.chat_id], list(), [accepted]).data)).toEqual([message]);
  expect(rowsOf(foldEvents(["chat-messages", crypto.randomUUID()], list(), [accepted]).data)).toEqual([]);
});

test("progress moves a campaign in its list and on its page", () => {
  const campaign = someCampaign();
  const totals = { ...campaign.totals, planned: 40, delivered: 60 };
  const data = { campaign_id: campaign.id, totals, rate_per_minute: 120, eta: null };
  const progressed = anEvent("campaign.progressed", 11, data);
  expect(rowsOf(foldEvents(["campaigns", {}], list(campaign), [progressed]).data)).toMatchObject([{ totals }]);
  expect(foldEvents(["campaign", campaign.id], campaign, [progressed]).data).toMatchObject({ totals, accepted: 100 });
});

test("figures are read again by any newer event, and by no older one", () => {
  const overview = { sequence: 10 };
  const created = (sequence: number) => anEvent("campaign.created", sequence, { campaign_id: "", name: "" });
  expect(foldEvents(["overview"], overview, [created(11)]).stale).toBe(true);
  expect(foldEvents(["overview"], overview, [created(10)]).stale).toBe(false);
});

test("answers that no event touches stay the same object", () => {
  const me = { tenant: {} };
  expect(foldEvents(["me"], me, [anEvent("chat.read", 11, { chat_id: "" })])).toEqual({ data: me, stale: false });
});
