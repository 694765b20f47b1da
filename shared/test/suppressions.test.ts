import { afterAll, expect, test } from "vitest";
import { eventCatalogue, parseEventData, type EventType } from "../src/contract/events.ts";
import { mintUuid } from "../src/contract/ids.ts";
import { openOptOutRig } from "./opt-out-rig.ts";

const rig = await openOptOutRig();
const { tenant, session, shard, look, connect, call } = rig;
const { somebody, jidOf, send, inbound, says, claim, statusOf, listed, add, openCampaign } = rig;
afterAll(() => rig[Symbol.asyncDispose]());

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
