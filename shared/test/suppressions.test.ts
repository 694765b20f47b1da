import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventCatalogue, parseEventData, type EventType } from "../src/contract/events.ts";
import { mintUuid } from "../src/contract/ids.ts";
import { openTestStack, type TestStack } from "../src/testing/fixtures.ts";

let stack: TestStack;
let tenant: string;
let look: ReturnType<typeof connect>;
let session: { id: string; commit: (items: Record<string, unknown>) => Promise<Answer> };
let commitNo = 0;
let people = 0;
const shard = 7;

interface Answer {
  refused: { id: string; reason: string }[];
  fenced: number[];
}

beforeAll(async () => {
  stack = await openTestStack();
  const member = await stack.signUp();
  const [membership] = await call<{ tenant_id: string }[]>("member_tenants_of", { p_user: member.userId });
  tenant = membership!.tenant_id;
  look = connect();
  const id = mintUuid();
  await call("create_session", {
    p_tenant: tenant,
    p: { id, name: "shop", network: "simulated", shard, start: true, metadata: {} },
  });
  const { owned } = await call<{ owned: { shard: number; epoch: number }[] }>("worker_tick", {
    p: {
      worker: "w",
      ttl_ms: 600_000,
      capacity: 300,
      draining: false,
      rejoin: false,
      loads: {},
      max_moves: 8,
      settle_ms: 0,
    },
  });
  const { epoch } = owned.find((lease) => lease.shard === shard)!;
  const commit = (items: Record<string, unknown>) =>
    call<Answer>("commit_group", { p: { worker: "w", commit_no: ++commitNo, shards: [{ shard, epoch }], ...items } });
  session = { id, commit };
  await commit({ sessions: [{ shard, session_id: id, status: "connected" }] });
});
afterAll(async () => {
  await look.end();
  await stack[Symbol.asyncDispose]();
});

/** One connection past the API: for looking, and for holding a transaction open. */
function connect() {
  const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => {} });
  return {
    query: async <Row>(text: string, values: postgres.ParameterOrJSON<never>[] = []): Promise<Row[]> =>
      (await sql.unsafe(text, values)) as unknown as Row[],
    end: () => sql.end(),
  };
}

async function call<Result>(name: string, args: Record<string, unknown>): Promise<Result> {
  const client = createClient(stack.supabaseUrl, stack.secretKey, { auth: { persistSession: false } });
  const { data, error } = await client.rpc(name, args);
  if (error) throw new Error(`${name}: ${error.code} ${error.message}`);
  return data as Result;
}

const somebody = (): string => `55117${String(++people).padStart(8, "0")}`;
const jidOf = (phone: string): string => `${phone}@s.whatsapp.net`;

async function send(phone: string, more: Record<string, unknown> = {}) {
  const row = {
    index: 0,
    id: mintUuid(),
    session: "shop",
    jid: jidOf(phone),
    phone: `+${phone}`,
    input: phone,
    type: "text",
    content: { body: "x" },
    category: "service",
    ttl_s: 3_600,
    ...more,
  };
  const { results } = await call<{ results: { outcome: string; code?: string; id?: string }[] }>("accept_messages", {
    p_tenant: tenant,
    p: { rows: [row] },
  });
  return { id: row.id, ...results[0]! };
}

const inbound = (phone: string, optOut: "stop" | "start" | null, more: Record<string, unknown> = {}) => ({
  shard,
  tenant_id: tenant,
  session_id: session.id,
  id: mintUuid(),
  jid: jidOf(phone),
  phone: `+${phone}`,
  chat: jidOf(phone),
  participant: "",
  wa_message_id: mintUuid(),
  type: "text",
  content: { body: optOut ?? "hello" },
  at_ms: Date.now(),
  ...(optOut === null ? {} : { opt_out: { kind: optOut, keyword: optOut, confirmation: "You will hear no more." } }),
  ...more,
});
const says = (phone: string, word: "stop" | "start", more: Record<string, unknown> = {}) =>
  session.commit({ inbound: [inbound(phone, word, more)] });
const claim = async (id: string, resend = false) =>
  (await session.commit({ claims: [{ shard, id, resend }] })).refused.map(({ reason }) => reason);

async function statusOf(id: string): Promise<string> {
  const [row] = await look.query<{ status: string; status_reason: string | null }>(
    "select status, status_reason from whatsapp_messages where id = $1",
    [id],
  );
  return [row!.status, row!.status_reason].filter((part) => part !== null).join(" ");
}

const listed = async (phone: string): Promise<{ id: string; reason: string; scope: string }[]> => {
  const { data } = await call<{ data: { id: string; reason: string; scope: string; address: { phone: string } }[] }>(
    "list_suppressions",
    { p_tenant: tenant, p: { limit: 200 } },
  );
  return data.filter(({ address }) => address.phone === `+${phone}`);
};
const add = (phone: string, more: Record<string, unknown> = {}) =>
  call<{ added: number; canceled: number }>("add_suppression", {
    p_tenant: tenant,
    p: { jid: jidOf(phone), phone: `+${phone}`, scope: "all", reason: "member", created_by: "me", ...more },
  });

async function openCampaign(phones: string[], start = true) {
  const id = mintUuid();
  const about = { p_tenant: tenant, p_campaign: id };
  await call("create_campaign", {
    p_tenant: tenant,
    p: {
      id,
      name: id,
      category: "utility",
      content: { type: "text", text: { body: "Hi" } },
      sessions: [session.id],
      ttl_s: 3_600,
      on_unknown: "resend_same_id",
    },
  });
  await call("open_campaign_part", { ...about, p_part: null });
  const rows = phones.map((phone, n) => ({
    line: n + 1,
    jid: jidOf(phone),
    phone: `+${phone}`,
    input: phone,
    body: "Hi",
  }));
  const part = await call<Record<string, number>>("add_recipients", {
    ...about,
    p_part: 1,
    p_rows: rows,
    p_errors: [],
  });
  await call("close_campaign_part", { ...about, p_part: 1, p_digest: "d" });
  if (start) await call("control_campaign", { ...about, p_request: "start", p_request_id: null });
  return {
    id,
    part,
    step: (window = 100) => call<{ status: string }>("campaign_step", { p_campaign: id, p_window: window }),
    async totals(): Promise<Record<string, number>> {
      const totals = await call<Record<string, number>>("campaign_totals_json", { p_campaign: id });
      const { received, ...places } = totals;
      expect(Object.values(places).reduce((sum, n) => sum + n, 0)).toBe(received);
      return Object.fromEntries(Object.entries(totals).filter(([, n]) => n !== 0));
    },
  };
}

test("a stop takes back what waits, everywhere, in the commit that stores it; later messages are refused, start lets them in", async () => {
  const phone = somebody();
  const [queued, onWire] = [await send(phone), await send(phone)];
  expect(await claim(onWire.id)).toEqual([]);
  const released = await openCampaign([phone, somebody()]);
  await released.step();
  const planned = await openCampaign([phone, somebody()]);
  const draft = await openCampaign([somebody(), phone], false);
  const told = inbound(phone, "stop");
  await session.commit({ inbound: [told] });

  expect(await statusOf(queued.id)).toBe("canceled opted_out");
  expect(await statusOf(onWire.id)).toBe("sending");
  expect(await released.totals()).toEqual({ received: 2, queued: 1, canceled: 1 });
  expect(await planned.totals()).toEqual({ received: 2, planned: 1, suppressed: 1 });
  expect(await draft.totals()).toEqual({ received: 2, planned: 1, suppressed: 1 });
  expect(await send(phone)).toMatchObject({ outcome: "rejected", code: "opted_out" });
  expect(await send(somebody())).toMatchObject({ outcome: "accepted" });

  // The same message once more: a redelivery says nothing new.
  await session.commit({ inbound: [{ ...told, id: mintUuid() }] });
  expect(await listed(phone)).toMatchObject([{ reason: "keyword", scope: "all" }]);
  const events = await look.query<{ type: EventType; data: unknown }>(
    "select type, data from tenant_events where type like 'contact.%' or type like 'suppression.%' order by sequence",
  );
  expect(events.map(({ type }) => type)).toEqual(["suppression.added", "contact.opted_out"]);
  for (const { type, data } of events) expect(eventCatalogue[type].safeParse(data).error).toBeUndefined();
  expect(parseEventData("contact.opted_out", events[1]!.data)).toMatchObject({ canceled: 4, message_id: told.id });

  await says(phone, "start");
  expect(await listed(phone)).toEqual([]);
  expect(await send(phone)).toMatchObject({ outcome: "accepted" });
});

test("the claim decides: a message that slipped past every other check does not leave, nor is one repeated that may have arrived", async () => {
  const phone = somebody();
  const [waiting, onWire, fresh] = [await send(phone), await send(phone), await send(somebody())];
  expect(await claim(onWire.id)).toEqual([]);
  const holder = connect();
  await holder.query("begin");
  // Somebody else holds the row at the very moment of the stop, as whoever puts a message back does.
  await holder.query("select 1 from whatsapp_messages where id = $1 for update", [waiting.id]);
  await says(phone, "stop");
  await holder.query("commit");
  await holder.end();
  expect(await statusOf(waiting.id)).toBe("queued");

  const { refused } = await session.commit({
    claims: [
      { shard, id: waiting.id, resend: false },
      { shard, id: onWire.id, resend: true },
      { shard, id: fresh.id, resend: false },
    ],
  });
  expect(new Map(refused.map(({ id, reason }) => [id, reason]))).toEqual(
    new Map([
      [waiting.id, "opted_out"],
      [onWire.id, "opted_out"],
    ]),
  );
  expect(await statusOf(waiting.id)).toBe("canceled opted_out");
  expect(await statusOf(onWire.id)).toBe("failed opted_out");
  expect(await statusOf(fresh.id)).toBe("sending");
});

test("a stop waits for a message to its person that is just being accepted, and takes it back", async () => {
  const phone = somebody();
  await send(phone);
  const other = connect();
  await other.query("begin");
  const row = { index: 0, id: mintUuid(), session: "shop", jid: jidOf(phone), type: "text", content: {}, ttl_s: 60 };
  // Accepted and not committed: it holds the chat.
  await other.query("select accept_messages($1, $2::jsonb)", [tenant, { rows: [row] } as never]);
  const stopping = session.commit({ inbound: [inbound(phone, "stop")] });
  await other.query("commit");
  await other.end();
  await stopping;
  expect(await statusOf(row.id)).toBe("canceled opted_out");
});

test("a campaign counts a suppressed line apart, names it, and never releases it, whenever the stop came", async () => {
  const [before, between, free] = [somebody(), somebody(), somebody()];
  await add(before);
  const campaign = await openCampaign([before, between, free, free], false);
  expect(campaign.part).toMatchObject({ received: 4, accepted: 2, duplicate: 1, suppressed: 1, invalid: 0 });
  const errors = await look.query("select line, code from campaign_line_errors where campaign_id = $1 order by line", [
    campaign.id,
  ]);
  expect(errors).toEqual([
    { line: 1, code: "opted_out" },
    { line: 4, code: "duplicate" },
  ]);
  // Held by somebody else when the member adds it: the release finds it.
  const holder = connect();
  await holder.query("begin");
  await holder.query("select 1 from campaign_recipients where campaign_id = $1 for update", [campaign.id]);
  expect(await add(between)).toMatchObject({ added: 1, canceled: 0 });
  await holder.query("commit");
  await holder.end();
  await call("control_campaign", { p_tenant: tenant, p_campaign: campaign.id, p_request: "start", p_request_id: null });
  await campaign.step();
  expect(await campaign.totals()).toEqual({ received: 4, duplicate: 1, suppressed: 2, queued: 1 });
  const onlySuppressed = await openCampaign([before], false);
  const start = { p_tenant: tenant, p_campaign: onlySuppressed.id, p_request: "start", p_request_id: null };
  expect(await call("control_campaign", start)).toMatchObject({ problem: "nothing_to_send" });
});

test("an upload that breaks off and comes again counts suppressed lines once", async () => {
  const [told, free] = [somebody(), somebody()];
  await add(told);
  const campaign = await openCampaign([told, free], false);
  await look.query("update campaign_parts set status = 'incomplete' where campaign_id = $1", [campaign.id]);
  await call("open_campaign_part", { p_tenant: tenant, p_campaign: campaign.id, p_part: 1 });
  expect(await campaign.totals()).toEqual({});
});

test("a stop is answered once, by the one message that passes; nothing else does", async () => {
  const phone = somebody();
  await says(phone, "stop");
  await says(phone, "stop");
  for (let sweep = 0; sweep < 2; sweep++)
    await call("sweep_lanes", { p: { shards: [shard], since: new Date().toISOString() } });
  const sent = await look.query<{ id: string; content: { body: string }; category: string }>(
    "select m.id, m.content, m.category from whatsapp_messages m where m.direction = 'out' and m.jid = $1",
    [jidOf(phone)],
  );
  expect(sent).toMatchObject([{ content: { body: "You will hear no more." }, category: "service" }]);
  // A member adds it as well: what answers the person is not taken back.
  expect(await add(phone)).toMatchObject({ added: 0, canceled: 0 });
  expect(await claim(sent[0]!.id)).toEqual([]);
  expect(await statusOf(sent[0]!.id)).toBe("sending");
});

test("the answer is the tenant's text, or none where the tenant wants none", async () => {
  const bodies = async (phone: string) => {
    await call("sweep_lanes", { p: { shards: [shard], since: new Date().toISOString() } });
    const rows = await look.query<{ body: string }>(
      "select content->>'body' as body from whatsapp_messages where direction = 'out' and jid = $1",
      [jidOf(phone)],
    );
    return rows.map(({ body }) => body);
  };
  const set = (enabled: boolean, text: string | null) =>
    call("set_opt_out_confirmation", { p_tenant: tenant, p_enabled: enabled, p_text: text });
  const [own, none] = [somebody(), somebody()];
  await set(true, "Farewell.");
  await says(own, "stop");
  expect(await bodies(own)).toEqual(["Farewell."]);
  await set(false, null);
  await says(none, "stop");
  expect(await bodies(none)).toEqual([]);
  await set(true, null);
});

test("start lifts what a word made and not what a member decided", async () => {
  const phone = somebody();
  await add(phone);
  await says(phone, "stop");
  await says(phone, "start");
  expect(await listed(phone)).toMatchObject([{ reason: "member" }]);
  expect(await send(phone)).toMatchObject({ code: "opted_out" });
});

test("a stop from a hidden identity counts for the number that it turns out to belong to, in either order", async () => {
  const [known, unknown] = [somebody(), somebody()];
  await send(known);
  const lids = ["71111@lid", "72222@lid"];
  for (const lid of lids) {
    const hidden = { jid: lid, chat: lid, phone: null, lid };
    await session.commit({ inbound: [inbound("0", "stop", hidden)] });
  }
  expect(await send(known)).toMatchObject({ outcome: "accepted" });
  await session.commit({
    aliases: [known, unknown].map((phone, n) => ({ shard, tenant_id: tenant, pn: jidOf(phone), lid: lids[n] })),
  });
  for (const phone of [known, unknown]) expect(await send(phone)).toMatchObject({ code: "opted_out" });
  await session.commit({
    inbound: [inbound("0", "start", { jid: lids[0], chat: lids[0], phone: null, lid: lids[0] })],
  });
  expect(await send(known)).toMatchObject({ outcome: "accepted" });
});

test("a request repeated after the stop finds the message that it made before", async () => {
  const phone = somebody();
  const same = { client_ref: "order-1", content_hash: "h" };
  const first = await send(phone, same);
  await says(phone, "stop");
  expect(await send(phone, same)).toMatchObject({ outcome: "duplicate", id: first.id });
  expect(await send(phone, { client_ref: "order-2", content_hash: "h" })).toMatchObject({ code: "opted_out" });
});

test("marketing alone can be suppressed", async () => {
  const phone = somebody();
  await add(phone, { scope: "marketing" });
  expect(await send(phone, { category: "marketing" })).toMatchObject({ code: "opted_out" });
  const service = await send(phone);
  expect(service).toMatchObject({ outcome: "accepted" });
  expect(await claim(service.id)).toEqual([]);
});

test("stops, starts, acceptance, cancels, a planner, a member and the sweep never wait in a circle", async () => {
  const crowd = Array.from({ length: 12 }, somebody);
  const shuffled = () => crowd.toSorted(() => Math.random() - 0.5);
  const member = async (phone: string) => {
    await add(phone);
    const [found] = await listed(phone);
    if (found)
      await call("remove_suppression", {
        p_tenant: tenant,
        p_id: found.id,
        p_note: "x",
        p_by: "me",
        p_request_id: null,
      });
  };
  for (let round = 0; round < 6; round++) {
    const ids: string[] = [];
    for (const phone of crowd) ids.push((await send(phone)).id);
    const campaign = await openCampaign(shuffled());
    const claims = ids.slice(0, 4).map((id) => ({ shard, id, resend: false }));
    const word = round % 2 === 0 ? "stop" : "start";
    await Promise.all([
      session.commit({ claims, inbound: shuffled().map((phone) => inbound(phone, word)) }),
      campaign.step(6),
      ...shuffled()
        .slice(0, 4)
        .map((phone) => send(phone)),
      ...ids.slice(4, 8).map((id) => call("cancel_message", { p_tenant: tenant, p_message: id, p_request_id: null })),
      member(crowd[round]!),
      call("sweep_lanes", { p: { shards: [shard], since: null } }),
      call("control_campaign", {
        p_tenant: tenant,
        p_campaign: campaign.id,
        p_request: "cancel",
        p_request_id: null,
      }),
    ]);
    await campaign.totals();
  }
  await look.query("select pg_stat_force_next_flush()");
  await look.query("select pg_stat_clear_snapshot()");
  const [found] = await look.query<{ deadlocks: string }>(
    "select deadlocks from pg_stat_database where datname = current_database()",
  );
  expect(Number(found!.deadlocks)).toBe(0);
});
