import { mintMessageId } from "@flotilla/shared/contract/ids";
import { openTestStack, type TestStack } from "@flotilla/shared/testing/fixtures";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGroupCommit } from "../src/adapters/supabase/group-commit.ts";
import { createSecretStores } from "../src/adapters/supabase/secret-store.ts";
import { toUnreadable } from "../src/domain/unreadable.ts";
import { type InboundMessage, LeaseLost } from "../src/ports.ts";
import { storeInbound } from "../src/socket-events/on-message.ts";
import { type Commit, type SessionScope, WriteRefused } from "../src/store-ports.ts";
import { openTenant, silent, type TestTenant } from "./stack-helpers.ts";

const worker = "worker-inbound";
let stack: TestStack;
let tenant: TestTenant;
let commit: Commit;
let epochs: Map<number, number>;
let shard = 0;

beforeAll(async () => {
  stack = await openTestStack();
  tenant = await openTenant(stack);
  const { owned } = await tenant.tick(worker);
  epochs = new Map(owned.map((lease) => [lease.shard, lease.epoch]));
  ({ commit } = createGroupCommit({
    client: tenant.client,
    worker,
    guard: { holds: () => true, validUntilMs: () => Infinity, reportFenced: () => {} },
    ring: () => {},
    refused: () => {},
    logger: silent,
    metrics: { committed: () => {}, retried: () => {}, fenced: () => {} },
  }));
});
afterAll(() => stack[Symbol.asyncDispose]());

async function newScope(): Promise<SessionScope> {
  shard++;
  const sessionId = await tenant.createSession(`inbound-${shard}`, shard);
  return { tenantId: tenant.tenant, sessionId, lease: { shard, epoch: epochs.get(shard)! } };
}

const secretsOf = (scope: SessionScope) => createSecretStores(tenant.client, commit)(scope);

function aMessage(change: Partial<InboundMessage> = {}): InboundMessage {
  const waMessageId = mintMessageId();
  return {
    chat: "777@lid",
    participant: "",
    waMessageId,
    jid: "777@lid",
    altJid: "5511999990002@s.whatsapp.net",
    phone: "+5511999990002",
    lid: "777@lid",
    type: "text",
    content: { body: "hi" },
    reason: null,
    pushName: null,
    atMs: Date.now(),
    delayed: false,
    ...change,
  };
}

interface Stored {
  id: string;
  type: string;
  content: Record<string, unknown>;
  status_reason: string | null;
  revision: number;
}

async function storedOf({ sessionId }: SessionScope): Promise<Stored[]> {
  const { data } = await tenant.client
    .from("whatsapp_messages")
    .select("id,type,content,status_reason,revision")
    .eq("session_id", sessionId)
    .order("id");
  return data as Stored[];
}

const kindsOf = (rows: Stored[]) =>
  rows.map(({ type, status_reason }) => (status_reason === null ? type : `${type} ${status_reason}`)).toSorted();

async function journalOf({ sessionId }: SessionScope): Promise<{ part: string; processed_at: string | null }[]> {
  const { data } = await tenant.client
    .from("inbound_journal")
    .select("part,processed_at")
    .eq("session_id", sessionId)
    .order("no");
  return data as { part: string; processed_at: string | null }[];
}

async function eventsAbout(message: string): Promise<string[]> {
  const { data } = await tenant.client.from("tenant_events").select("type").eq("subject", message).order("sequence");
  return (data as { type: string }[]).map(({ type }) => type);
}

const entry = (message: InboundMessage, part = "0-aa", waiting = true) => ({
  chat: message.chat,
  participant: message.participant,
  waMessageId: message.waMessageId,
  part,
  value: `sealed ${part}`,
  waiting,
});

const aKey = { type: "session", keyId: "1.0", value: "ratchet" };

test("what was decrypted is durable with its keys or not at all", async () => {
  const scope = await newScope();
  const message = aMessage();
  const fenced = { ...scope, lease: { ...scope.lease, epoch: scope.lease.epoch - 1 } };
  await expect(secretsOf(fenced).writeKeys([aKey], undefined, [entry(message)])).rejects.toBeInstanceOf(LeaseLost);
  expect(await journalOf(scope)).toEqual([]);
  const secrets = secretsOf(scope);
  await secrets.writeKeys([aKey], undefined, [entry(message), entry(message, "1-bb", false)]);
  expect(await secrets.readKeys("session", ["1.0"])).toEqual(new Map([["1.0", "ratchet"]]));
  expect(await secrets.journal.read(message, "1-bb")).toBe("sealed 1-bb");
  expect(await secrets.journal.read(message, "1-cc")).toBeNull();
  expect(await secrets.journal.read({ ...message, participant: "888@lid" }, "1-bb")).toBeNull();
  // Decrypted once more: the first row stays.
  await secrets.writeKeys([aKey], undefined, [{ ...entry(message), value: "another" }]);
  expect(await secrets.journal.read(message, "0-aa")).toBe("sealed 0-aa");
});

test("what is not stored waits in the order of decryption, and is processed by the commit that stores it", async () => {
  const scope = await newScope();
  const secrets = secretsOf(scope);
  const { journal } = secrets;
  const messages = Array.from({ length: 120 }, () => aMessage());
  for (const message of messages) void secrets.writeKeys([], undefined, [entry(message)]);
  await secrets.writeKeys([], undefined, [entry(aMessage(), "0-aa", false)]);
  const first = await journal.waiting(0);
  const second = await journal.waiting(first.rows.at(-1)!.no);
  expect([...first.rows, ...second.rows].map(({ waMessageId }) => waMessageId)).toEqual(
    messages.map(({ waMessageId }) => waMessageId),
  );
  expect((await journal.waiting(second.rows.at(-1)!.no)).rows).toEqual([]);
  await Promise.all(messages.slice(1).map((message) => storeInbound(commit, scope, message)));
  expect((await journal.waiting(0)).rows.map(({ waMessageId }) => waMessageId)).toEqual([messages[0]!.waMessageId]);
  expect(await storedOf(scope)).toHaveLength(119);
  await journal.settle(messages[0]!);
  expect((await journal.waiting(0)).rows).toEqual([]);
});

test("a stanza that is begun is counted until its message is stored", async () => {
  const scope = await newScope();
  const { journal } = secretsOf(scope);
  const message = aMessage();
  await Promise.all([journal.begin(message), journal.begin(message)]);
  await journal.begin(message);
  expect((await journal.waiting(0)).tries).toEqual([
    { chat: message.chat, participant: "", waMessageId: message.waMessageId, tries: 3 },
  ]);
  await storeInbound(commit, scope, message);
  expect((await journal.waiting(0)).tries).toEqual([]);
});

test("a message that never gets readable is stored as a stub with its reason; one that does takes the stub's place", async () => {
  const scope = await newScope();
  const { journal } = secretsOf(scope);
  const [never, late, soon] = [aMessage(), aMessage(), aMessage()];
  for (const message of [never, late, soon])
    await journal.expect(message, toUnreadable(message, "decryption_failed"), 0);
  await storeInbound(commit, scope, soon);
  await tenant.call("upkeep_pass", {});
  const stubs = await storedOf(scope);
  expect(kindsOf(stubs)).toEqual(["text", "undecryptable decryption_failed", "undecryptable decryption_failed"]);
  await storeInbound(commit, scope, late);
  await storeInbound(commit, scope, late);
  await storeInbound(commit, scope, toUnreadable(late, "decryption_failed"));
  const rows = await storedOf(scope);
  expect(rows).toHaveLength(3);
  const readable = rows.filter(({ type }) => type === "text");
  expect(new Set(readable.map(({ revision }) => revision))).toEqual(new Set([1, 2]));
  expect(readable).toHaveLength(2);
  expect(await eventsAbout(readable.find(({ revision }) => revision === 2)!.id)).toEqual([
    "message.received",
    "message.received",
  ]);
  expect(await eventsAbout(rows.find(({ type }) => type !== "text")!.id)).toEqual(["message.received"]);
});

test("content that the database refuses becomes a stub, and its journal row does not come back", async () => {
  const scope = await newScope();
  const secrets = secretsOf(scope);
  const { journal } = secrets;
  const [bad, good] = [aMessage({ content: { body: "refused" } }), aMessage()];
  const picky: Commit = async (whose, writes) => {
    if (writes.inbound?.some(({ content }) => content["body"] === "refused"))
      throw new WriteRefused(new Error("22P02"));
    await commit(whose, writes);
  };
  await secrets.writeKeys([], undefined, [entry(bad), entry(good)]);
  await Promise.all([bad, good].map((message) => storeInbound(picky, scope, message)));
  expect(kindsOf(await storedOf(scope))).toEqual(["text", "undecryptable content_refused"]);
  expect((await journal.waiting(0)).rows).toEqual([]);
});

test("in a group an id is unique for each writer", async () => {
  const scope = await newScope();
  const inGroup = { chat: "123@g.us", jid: "123@g.us", altJid: null, phone: null, lid: null, waMessageId: "SAME" };
  for (const participant of ["1@lid", "2@lid", "1@lid"])
    await storeInbound(commit, scope, aMessage({ ...inGroup, participant }));
  expect(await storedOf(scope)).toHaveLength(2);
});

test("housekeeping forgets what was processed a day ago and counts what should have been stored", async () => {
  const scope = await newScope();
  const secrets = secretsOf(scope);
  const [waiting, processed, fresh] = [aMessage(), aMessage(), aMessage()];
  await secrets.writeKeys([], undefined, [
    entry(waiting, "0-waiting"),
    entry(processed, "0-processed", false),
    entry(fresh, "0-fresh", false),
  ]);
  const yesterday = new Date(Date.now() - 25 * 3_600_000).toISOString();
  for (const message of [waiting, processed])
    await tenant.client
      .from("inbound_journal")
      .update({ received_at: yesterday })
      .eq("wa_message_id", message.waMessageId);
  const pass = await tenant.call<{ journal_waiting: number }>("upkeep_pass", {});
  expect(pass.journal_waiting).toBe(1);
  expect((await journalOf(scope)).map(({ part }) => part)).toEqual(["0-waiting", "0-fresh"]);
});
