import { groupBy } from "../../domain/group-by.ts";
import type { StanzaKey } from "../../ports.ts";
import type { SessionScope, SessionWrites, StoredInbound } from "../../store-ports.ts";
import { storable } from "./storable.ts";

/** One caller's writes, waiting for a commit. */
export interface CommitEntry {
  scope: SessionScope;
  writes: SessionWrites;
  rows: number;
  bytes: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** The lists of `commit_group`, in the words of SQL; empty lists are left out. */
export type CommitPayload = { shards: { shard: number; epoch: number }[] } & Record<string, unknown[]>;

const maxRows = 2_000;
const maxBytes = 1024 * 1024;
/** What a row costs on the wire beside its long texts. */
const rowBytes = 250;

/** Rows and a rough size of what a caller writes; long texts are counted, the rest is estimated. */
export function measureWrites(writes: SessionWrites): { rows: number; bytes: number } {
  const {
    keys = [],
    journal = [],
    trouble = [],
    settled = [],
    claims = [],
    counts = [],
    marks = [],
    receipts = [],
    inbound = [],
    aliases = [],
    events = [],
    session,
  } = writes;
  const lists = [keys, journal, trouble, settled, claims, counts, marks, receipts, inbound, aliases, events];
  const rows = lists.reduce((sum, list) => sum + list.length, 0) + (session === undefined ? 0 : 1);
  const texts =
    [...keys, ...journal].reduce((sum, { value }) => sum + (value?.length ?? 0), 0) +
    inbound.reduce((sum, { content }) => sum + JSON.stringify(content).length, 0) +
    (session?.auth_state?.length ?? 0);
  return { rows, bytes: rows * rowBytes + texts };
}

/** The first entries that fit into one commit, at least one; takes them out of `waiting`. */
export function takeBatch(waiting: CommitEntry[]): CommitEntry[] {
  let count = 0;
  let rows = 0;
  let bytes = 0;
  for (const entry of waiting) {
    rows += entry.rows;
    bytes += entry.bytes;
    if (count > 0 && (rows > maxRows || bytes > maxBytes)) break;
    count++;
  }
  return waiting.splice(0, count);
}

/** What to try one by one after the database refused all of it: by shard, then by session, then caller by caller. */
export function splitBatch(entries: CommitEntry[]): CommitEntry[][] {
  const keys: ((entry: CommitEntry) => unknown)[] = [
    ({ scope }) => scope.lease.shard,
    ({ scope }) => scope.sessionId,
    (entry) => entry,
  ];
  for (const key of keys) {
    const groups = [...groupBy(entries, key).values()];
    if (groups.length > 1) return groups;
  }
  return [entries];
}

/** The entries as `commit_group` wants them. Of two writes of one key in one commit the last counts. */
export function commitPayload(entries: readonly CommitEntry[]): CommitPayload {
  const leases = new Map<number, { shard: number; epoch: number }>();
  const keys = new Map<string, object>();
  const lists: Record<string, object[]> = {
    journal: [],
    trouble: [],
    settled: [],
    sessions: [],
    claims: [],
    counts: [],
    marks: [],
    receipts: [],
    inbound: [],
    aliases: [],
    events: [],
  };
  for (const { scope, writes } of entries) {
    const { shard, epoch } = scope.lease;
    const about = { shard, session_id: scope.sessionId, tenant_id: scope.tenantId };
    leases.set(shard, { shard, epoch });
    for (const { type, keyId, value } of writes.keys ?? [])
      keys.set(`${scope.sessionId} ${type} ${keyId}`, { ...about, type, key_id: keyId, value });
    if (writes.session !== undefined)
      lists["sessions"]!.push({ shard, session_id: scope.sessionId, ...writes.session });
    for (const { id, resend } of writes.claims ?? []) lists["claims"]!.push({ shard, id, resend });
    for (const { id } of writes.counts ?? []) lists["counts"]!.push({ shard, id });
    for (const { id, status, reason, failure, notBeforeMs } of writes.marks ?? [])
      lists["marks"]!.push({ shard, id, status, reason, failure, not_before_ms: whole(notBeforeMs) });
    for (const { waMessageId, status, atMs } of writes.receipts ?? [])
      lists["receipts"]!.push({
        shard,
        session_id: scope.sessionId,
        wa_message_id: waMessageId,
        status,
        at_ms: whole(atMs),
      });
    for (const { part, value, waiting, ...key } of writes.journal ?? [])
      lists["journal"]!.push({ ...about, ...stanzaRow(key), part, value, waiting });
    for (const { tries, stub, dueMs, ...key } of writes.trouble ?? [])
      lists["trouble"]!.push({
        ...about,
        ...stanzaRow(key),
        tries,
        stub: stub === undefined ? null : inboundRow(stub),
        due_ms: whole(dueMs) ?? null,
      });
    for (const key of writes.settled ?? []) lists["settled"]!.push({ ...about, ...stanzaRow(key) });
    for (const message of writes.inbound ?? []) lists["inbound"]!.push({ ...about, ...inboundRow(message) });
    for (const { pn, lid } of writes.aliases ?? []) lists["aliases"]!.push({ ...about, pn, lid });
    for (const { type, session, data } of writes.events ?? [])
      lists["events"]!.push({ shard, tenant_id: scope.tenantId, type, session, subject: scope.sessionId, data });
  }
  // Keys are sealed text of ours; everything else may hold what people wrote.
  const filled = Object.entries({ ...storable(lists), keys: [...keys.values()] }).filter(([, list]) => list.length > 0);
  return { shards: [...leases.values()], ...Object.fromEntries(filled) };
}

const stanzaRow = ({ chat, participant, waMessageId }: StanzaKey) => ({
  chat,
  participant,
  wa_message_id: waMessageId,
});

const inboundRow = (message: StoredInbound) => ({
  ...stanzaRow(message),
  id: message.id,
  jid: message.jid,
  alt_jid: message.altJid,
  phone: message.phone,
  lid: message.lid,
  // In chats of many the WhatsApp id is unique for each writer only.
  ...(message.participant === "" ? {} : { sender: message.participant }),
  type: message.type,
  content: message.content,
  reason: message.reason,
  push_name: message.pushName,
  at_ms: whole(message.atMs),
  delayed: message.delayed,
  ...(message.optOut ? { opt_out: message.optOut } : {}),
});

const whole = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms));
