-- What a worker writes: one group commit, fenced by the epochs of its shards. And what its pumps read.

-- The last group commit of each shard; apart from the lease row, which commits only share.
create table public.shard_commits (
  shard smallint primary key references public.shards (shard),
  epoch bigint not null,
  commit_no bigint not null
) with (fillfactor = 50);

-- p: {worker, commit_no, shards: [{shard, epoch}],
--   keys:     [{shard, session_id, tenant_id, type, key_id, value | null}],
--   journal:  [{shard, session_id, tenant_id, chat, participant, wa_message_id, part, value, waiting}]     what was decrypted
--   trouble:  [{shard, session_id, tenant_id, chat, participant, wa_message_id, tries, stub | null, due_ms | null}],
--   settled:  [{shard, session_id, chat, participant, wa_message_id}]     journal rows that hold no message
--   sessions: [{shard, session_id, auth_state?, forget?, unlinked?, status?, reason?, deadline_ms?, phone?, lid?, jid?, push_name?, platform?, paired?, pace_tat_ms?}],
--   claims:   [{shard, id, resend}],
--   counts:   [{shard, id}]     messages about to be touched that may have killed their last owner; one found `sending` becomes `unknown`
--   marks:    [{shard, id, status, reason?, failure?, not_before_ms?}]     what became of messages we tried to send
--   receipts: [{shard, session_id, wa_message_id, status, at_ms}],
--   inbound:  [{shard, tenant_id, session_id, id, jid, alt_jid?, phone?, lid?, wa_message_id, sender?, chat?, participant?, type, content,
--               reason?, push_name?, at_ms, delayed, opt_out?: {kind, keyword, confirmation}}],
--   aliases:  [{shard, tenant_id, pn, lid}],
--   events:   [{shard, tenant_id, type, session, subject, data}]}
-- Returns {fenced: [shard], already: [shard], refused: [{id, reason}], inbound_new: [id], heads: {tenant: head}}.
-- Rows of a fenced shard are left out, the others are applied. The same commit_no again under the same epoch applies nothing.
create function public.commit_group(p jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = 'force_generic_plan' set enable_seqscan = 'off' set lock_timeout = '2s' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_held int[];
  v_fenced int[];
  v_apply int[];
  v_already int[];
  v_epochs jsonb;
  v_refused jsonb := '[]';
  v_new jsonb := '[]';
  v_events jsonb := '[]';
  v_more jsonb;
  v_entry jsonb;
  v_in jsonb;
begin
  -- 1. Fence: the lease rows are locked to the end, so no takeover can pass this commit; the owner must also be alive.
  select coalesce(array_agg(l.shard), '{}'), coalesce(jsonb_object_agg(l.shard, l.epoch), '{}') into v_held, v_epochs from (
    select s.shard, s.epoch from public.shards s
    join jsonb_to_recordset(p->'shards') as b (shard int, epoch bigint) on b.shard = s.shard and b.epoch = s.epoch
    where s.owner = p->>'worker'
      and exists (select 1 from public.workers w where w.id = p->>'worker' and w.expires_at > v_now)
    order by s.shard for share of s) l;
  select coalesce(array_agg(b.shard), '{}') into v_fenced from jsonb_to_recordset(p->'shards') as b (shard int) where b.shard <> all (v_held);

  -- 2. Once: a commit number at or below the last one of this epoch was applied before.
  with moved as (
    insert into public.shard_commits as c (shard, epoch, commit_no)
      select x.shard, (v_epochs->>x.shard::text)::bigint, (p->>'commit_no')::bigint from unnest(v_held) as x (shard) order by x.shard
      on conflict (shard) do update set epoch = excluded.epoch, commit_no = excluded.commit_no
        where (c.epoch, c.commit_no) < (excluded.epoch, excluded.commit_no)
      returning c.shard
  )
  select coalesce(array_agg(shard), '{}') into v_apply from moved;
  select coalesce(array_agg(x.shard), '{}') into v_already from unnest(v_held) as x (shard) where x.shard <> all (v_apply);

  -- 3. Every message of the batch is locked in one order, whatever is said of it: others cancel and expire many at a time.
  if p ? 'claims' or p ? 'counts' or p ? 'marks' or p ? 'receipts' then
    perform 1 from public.whatsapp_messages m where m.id = any (array(
        select r.id from jsonb_to_recordset(coalesce(p->'claims', '[]') || coalesce(p->'counts', '[]') || coalesce(p->'marks', '[]'))
          as r (shard int, id uuid) where r.shard = any (v_apply)
        union select k.message_id from jsonb_to_recordset(coalesce(p->'receipts', '[]')) as r (shard int, session_id uuid, wa_message_id text)
          join public.message_keys k on k.session_id = r.session_id and k.wa_message_id = r.wa_message_id and k.sender = ''
          where r.shard = any (v_apply)))
      order by m.id for update;
  end if;

  -- 3a. Secrets.
  if p ? 'keys' then
    insert into public.whatsapp_signal_keys as k (session_id, type, key_id, tenant_id, value, epoch)
      select r.session_id, r.type, r.key_id, r.tenant_id, r.value, (v_epochs->>r.shard::text)::bigint
      from jsonb_to_recordset(p->'keys') as r (shard int, session_id uuid, tenant_id uuid, type text, key_id text, value text)
      where r.shard = any (v_apply) and r.value is not null order by r.session_id, r.type, r.key_id
      on conflict (session_id, type, key_id) do update set value = excluded.value, epoch = excluded.epoch;
    delete from public.whatsapp_signal_keys k
      using jsonb_to_recordset(p->'keys') as r (shard int, session_id uuid, type text, key_id text, value text)
      where r.shard = any (v_apply) and r.value is null and k.session_id = r.session_id and k.type = r.type and k.key_id = r.key_id;
  end if;

  -- 3b. What was decrypted with those secrets, in the same breath; and stanzas that make trouble.
  if p ? 'journal' then
    insert into public.inbound_journal (session_id, chat, participant, wa_message_id, part, tenant_id, value, epoch, processed_at)
      select r.session_id, r.chat, r.participant, r.wa_message_id, r.part, r.tenant_id, r.value, (v_epochs->>r.shard::text)::bigint,
        case when not r.waiting then v_now end
      from jsonb_to_recordset(p->'journal') as r (shard int, session_id uuid, tenant_id uuid, chat text, participant text, wa_message_id text,
        part text, value text, waiting boolean)
      where r.shard = any (v_apply)
      on conflict do nothing;
  end if;
  if p ? 'trouble' then
    insert into public.inbound_trouble as t (session_id, chat, participant, wa_message_id, tenant_id, tries, stub, due_at)
      select r.session_id, r.chat, r.participant, r.wa_message_id, r.tenant_id, sum(r.tries), (array_agg(r.stub) filter (where r.stub is not null))[1],
        v_now + min(r.due_ms) * interval '1 millisecond'
      from jsonb_to_recordset(p->'trouble') as r (shard int, session_id uuid, tenant_id uuid, chat text, participant text, wa_message_id text,
        tries int, stub jsonb, due_ms bigint)
      where r.shard = any (v_apply) group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4
      on conflict (session_id, chat, participant, wa_message_id) do update set tries = least(t.tries + excluded.tries, 1000),
        stub = coalesce(t.stub, excluded.stub), due_at = least(t.due_at, excluded.due_at);
  end if;

  -- 4. Claims: from queued to sending in the commit that carries the ratchet; the rules are looked at once more.
  if p ? 'claims' then
    with claim as (
      select * from jsonb_to_recordset(p->'claims') as r (shard int, id uuid, resend boolean) where r.shard = any (v_apply)
    ), taken as (
      -- That devices were asked for anew is remembered: it is done once. What a person resolved is not repeated.
      update public.whatsapp_messages m set status = 'sending', attempts = m.attempts + 1, not_before = null,
          status_reason = case when m.status_reason = 'stale_devices' then m.status_reason end,
          owner_epoch = (v_epochs->>c.shard::text)::bigint, revision = m.revision + 1
        from claim c
        where m.id = c.id
          and not exists (select 1 from public.suppressions x where x.tenant_id = m.tenant_id and x.contact_id = m.contact_id
            and (x.scope = 'all' or m.category = 'marketing') and x.confirmation_id is distinct from m.id)
          and (m.status = 'queued' or coalesce(c.resend, false) and m.status in ('sending', 'unknown')
            and coalesce(m.status_reason, '') not in ('assumed_sent', 'awaiting_person'))
          and (m.expires_at > v_now or m.status <> 'queued')
          and (m.status <> 'queued' or exists (select 1 from public.message_lanes l where l.session_id = m.session_id and l.lane = m.lane and l.state = 'run'))
        returning m.id
    )
    select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'reason', coalesce(
        case when m.status <> 'queued' then m.status when m.expires_at <= v_now then 'expired' else 'lane_' || l.state end, 'gone'))), '[]')
      into v_refused
      from claim c left join public.whatsapp_messages m on m.id = c.id
      left join public.message_lanes l on l.session_id = m.session_id and l.lane = m.lane
      where c.id not in (select id from taken);
    -- Whoever said stop meanwhile is not written to: what has not left is canceled, and what may have arrived is not repeated.
    if v_refused <> '[]' then
      with told as (
        select m.id, m.status as previous, c.shard from jsonb_to_recordset(p->'claims') as c (shard int, id uuid, resend boolean)
          join public.whatsapp_messages m on m.id = c.id
          where c.shard = any (v_apply) and c.id in (select (e->>'id')::uuid from jsonb_array_elements(v_refused) e)
            and (m.status = 'queued' or coalesce(c.resend, false) and m.status in ('sending', 'unknown')
              and coalesce(m.status_reason, '') not in ('assumed_sent', 'awaiting_person'))
            and exists (select 1 from public.suppressions x where x.tenant_id = m.tenant_id and x.contact_id = m.contact_id
              and (x.scope = 'all' or m.category = 'marketing') and x.confirmation_id is distinct from m.id)
          order by m.id for update of m
      ), gone as (
        update public.whatsapp_messages m set status = case o.previous when 'queued' then 'canceled' else 'failed' end, status_reason = 'opted_out',
            failure = case when o.previous <> 'queued' then '{"code": "opted_out", "retryable": false,
              "detail": "WhatsApp never confirmed it, and the recipient asked not to be written to before it was repeated"}'::jsonb end,
            revision = m.revision + 1
          from told o where m.id = o.id returning m as message, o.previous, o.shard
      )
      select coalesce(jsonb_agg(public.message_event(g.message, g.previous, public.session_ref(s), (v_epochs->>g.shard::text)::bigint, v_now)
          order by (g.message).id), '[]'), coalesce(jsonb_object_agg((g.message).id, true), '{}')
        into v_more, v_in
        from gone g join public.whatsapp_sessions s on s.id = (g.message).session_id;
      v_events := v_events || v_more;
      select jsonb_agg(case when v_in ? (e->>'id') then e || '{"reason": "opted_out"}' else e end) into v_refused from jsonb_array_elements(v_refused) e;
    end if;
    -- A repeat whose first answer was lost: whoever waits for it must still learn that its claim was refused then.
    select v_refused || coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'reason', coalesce(
        case when m.status <> 'queued' then m.status when m.expires_at <= v_now then 'expired' else 'lane_' || l.state end, 'gone'))), '[]')
      into v_refused
      from jsonb_to_recordset(p->'claims') as c (shard int, id uuid) left join public.whatsapp_messages m on m.id = c.id
      left join public.message_lanes l on l.session_id = m.session_id and l.lane = m.lane
      where c.shard = any (v_already) and (m.status is distinct from 'sending' or m.owner_epoch is distinct from (v_epochs->>c.shard::text)::bigint);
  end if;

  -- 5. Attempts counted before a message is touched.
  if p ? 'counts' then
    with old as (
      select m.id, m.status as previous, r.shard from public.whatsapp_messages m
        join jsonb_to_recordset(p->'counts') as r (shard int, id uuid) on r.id = m.id
        where r.shard = any (v_apply) and m.status in ('queued', 'sending', 'unknown') order by m.id for update of m
    ), counted as (
      update public.whatsapp_messages m set deaths = m.deaths + 1, status = case m.status when 'sending' then 'unknown' else m.status end,
          revision = m.revision + 1
        from old o where m.id = o.id returning m as message, o.previous, o.shard
    )
    select coalesce(jsonb_agg(public.message_event(c.message, c.previous, public.session_ref(s), (v_epochs->>c.shard::text)::bigint, v_now)
        order by (c.message).id), '[]') into v_more
      from counted c join public.whatsapp_sessions s on s.id = (c.message).session_id where c.previous = 'sending';
    v_events := v_events || v_more;
  end if;

  -- 6. What became of messages, and what receipts say: evidence only lifts.
  if p ? 'marks' or p ? 'receipts' then
    with change as (
      select r.shard, r.id, r.status, r.reason, r.failure, r.not_before_ms, v_now as at
        from jsonb_to_recordset(coalesce(p->'marks', '[]')) as r (shard int, id uuid, status text, reason text, failure jsonb, not_before_ms bigint)
        where r.shard = any (v_apply)
      union all
      select r.shard, k.message_id, r.status, null, null, null, least(v_now, to_timestamp(r.at_ms / 1000.0))
        from jsonb_to_recordset(coalesce(p->'receipts', '[]')) as r (shard int, session_id uuid, wa_message_id text, status text, at_ms bigint)
        join public.message_keys k on k.session_id = r.session_id and k.wa_message_id = r.wa_message_id and k.sender = ''
        where r.shard = any (v_apply)
    ), best as (
      select distinct on (c.id) c.* from change c order by c.id, public.message_rank(c.status) desc
    ), old as (
      select m.id, m.status as previous from public.whatsapp_messages m join best b on b.id = m.id order by m.id for update of m
    ), moved as (
      update public.whatsapp_messages m set
          status = b.status, status_reason = b.reason, failure = b.failure,
          deaths = 0, not_before = case when b.status = 'queued' then to_timestamp(b.not_before_ms / 1000.0) end,
          -- A claim counts the attempt; one that failed before it could claim is counted here.
          attempts = m.attempts + (b.status = o.previous)::int,
          sent_at = coalesce(m.sent_at, case when public.message_rank(b.status) >= 4 then b.at end),
          delivered_at = coalesce(m.delivered_at, case when public.message_rank(b.status) >= 5 then b.at end),
          read_at = coalesce(m.read_at, case when public.message_rank(b.status) >= 6 then b.at end),
          played_at = coalesce(m.played_at, case when b.status = 'played' then b.at end),
          revision = m.revision + 1
        from best b, old o
        where m.id = b.id and o.id = m.id and m.direction = 'out' and (b.status <> o.previous or b.status = 'queued' and b.not_before_ms is not null) and (
          public.message_rank(b.status) > greatest(public.message_rank(o.previous), 3)
          or (o.previous in ('sending', 'unknown') and b.status in ('queued', 'unknown', 'failed', 'expired', 'held'))
          or (o.previous in ('queued', 'held') and b.status in ('failed', 'expired', 'held'))
          or (o.previous = 'queued' and b.status = 'queued'))
        returning m as message, o.previous, b.shard, b.at
    )
    select coalesce(jsonb_agg(e.event) filter (where e.event is not null), '[]') into v_more from (
      select public.message_event(c.message, c.previous, public.session_ref(s), (v_epochs->>c.shard::text)::bigint, c.at) as event
      from moved c join public.whatsapp_sessions s on s.id = (c.message).session_id order by (c.message).id) e;
    v_events := v_events || v_more;
  end if;

  -- 7. People and chats that are known already are locked in order, as whoever accepts messages does.
  if p ? 'aliases' or p ? 'inbound' then
    perform 1 from public.contacts c where c.id = any (array(
        select a.contact_id from jsonb_to_recordset(coalesce(p->'aliases', '[]') || coalesce(p->'inbound', '[]'))
            as r (shard int, tenant_id uuid, pn text, jid text, alt_jid text)
          join public.contact_aliases a on a.tenant_id = r.tenant_id and a.jid in (r.pn, r.jid, r.alt_jid)
          where r.shard = any (v_apply)))
      order by c.id for no key update;
    perform 1 from public.chats c where c.id = any (array(
        select h.id from jsonb_to_recordset(coalesce(p->'inbound', '[]')) as r (shard int, tenant_id uuid, session_id uuid, jid text, alt_jid text)
          join public.contact_aliases a on a.tenant_id = r.tenant_id and a.jid in (r.jid, r.alt_jid)
          join public.chats h on h.session_id = r.session_id and h.contact_id = a.contact_id
          where r.shard = any (v_apply)))
      order by c.id for no key update;
  end if;

  -- 7a. Addresses that turned out to be one person.
  if p ? 'aliases' then
    insert into public.contact_aliases (tenant_id, jid, contact_id)
      select distinct on (r.tenant_id, r.lid) r.tenant_id, r.lid, a.contact_id
      from jsonb_to_recordset(p->'aliases') as r (shard int, tenant_id uuid, pn text, lid text)
      join public.contact_aliases a on a.tenant_id = r.tenant_id and a.jid = r.pn
      where r.shard = any (v_apply) order by r.tenant_id, r.lid
      on conflict do nothing;
    -- Whoever wrote from a hidden identity first is known by the number too from here on.
    insert into public.contact_aliases (tenant_id, jid, contact_id)
      select distinct on (r.tenant_id, r.pn) r.tenant_id, r.pn, a.contact_id
      from jsonb_to_recordset(p->'aliases') as r (shard int, tenant_id uuid, pn text, lid text)
      join public.contact_aliases a on a.tenant_id = r.tenant_id and a.jid = r.lid
      where r.shard = any (v_apply) order by r.tenant_id, r.pn
      on conflict do nothing;
    update public.contacts c set lid = r.lid
      from jsonb_to_recordset(p->'aliases') as r (shard int, tenant_id uuid, pn text, lid text)
      join public.contact_aliases a on a.tenant_id = r.tenant_id and a.jid = r.pn
      where r.shard = any (v_apply) and c.id = a.contact_id and c.lid is distinct from r.lid;
    perform public.share_suppressions((select jsonb_agg(e) from jsonb_array_elements(p->'aliases') e where (e->>'shard')::int = any (v_apply)));
  end if;

  -- 8. What people wrote to us, each once. What is stored is journaled no more: a crash before here brings it back.
  if p ? 'inbound' or p ? 'settled' then
    delete from public.inbound_trouble t
      using jsonb_to_recordset(coalesce(p->'inbound', '[]') || coalesce(p->'settled', '[]'))
        as r (shard int, session_id uuid, chat text, participant text, wa_message_id text)
      where r.shard = any (v_apply) and t.session_id = r.session_id and t.chat = r.chat and t.participant = r.participant
        and t.wa_message_id = r.wa_message_id;
    update public.inbound_journal j set processed_at = v_now
      from jsonb_to_recordset(coalesce(p->'inbound', '[]') || coalesce(p->'settled', '[]'))
        as r (shard int, session_id uuid, chat text, participant text, wa_message_id text)
      where r.shard = any (v_apply) and j.session_id = r.session_id and j.chat = r.chat and j.participant = r.participant
        and j.wa_message_id = r.wa_message_id and j.processed_at is null;
  end if;
  if p ? 'inbound' then
    for v_in in select e from jsonb_array_elements(p->'inbound') e where (e->>'shard')::int = any (v_apply) loop
      v_entry := public.store_inbound(v_in, (v_epochs->>(v_in->>'shard'))::bigint);
      if v_entry is not null then
        v_new := v_new || to_jsonb(v_in->>'id');
        v_events := v_events || v_entry;
        -- A person's stop counts from the very commit that keeps the message in which it was said.
        if v_in ? 'opt_out' then v_events := v_events || public.hear_opt_out(v_in, v_entry, (v_epochs->>(v_in->>'shard'))::bigint); end if;
      end if;
    end loop;
  end if;

  -- 9. Sessions: credentials, identity, observed status.
  if p ? 'sessions' then
    for v_in in select e from jsonb_array_elements(p->'sessions') e where (e->>'shard')::int = any (v_apply) loop
      v_events := v_events || public.commit_session(v_in, (v_epochs->>(v_in->>'shard'))::bigint);
    end loop;
  end if;

  -- 10. Events last: their heads are the last rows locked.
  if p ? 'events' then
    select coalesce(jsonb_agg(e || jsonb_build_object('lease_epoch', v_epochs->(e->>'shard'))), '[]') into v_more
      from jsonb_array_elements(p->'events') e where (e->>'shard')::int = any (v_apply);
    v_events := v_events || v_more;
  end if;

  return jsonb_build_object('fenced', to_jsonb(v_fenced), 'already', to_jsonb(v_already), 'refused', v_refused, 'inbound_new', v_new,
    'heads', public.append_events(v_events));
end $$;

-- Stores one inbound message; null when it was stored before (redelivery, replay and live event meet here). Returns its event.
-- Type `undecryptable` stands for a message nobody could read; `reason` says why. Should it get readable after all, it takes
-- that row's place and is reported as received.
create function public.store_inbound(r jsonb, p_epoch bigint) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_tenant uuid := (r->>'tenant_id')::uuid;
  v_session uuid := (r->>'session_id')::uuid;
  v_chat uuid;
  v_contact uuid;
  v_jid text := r->>'jid';
  v_message public.whatsapp_messages;
  v_key public.message_keys;
begin
  -- A person known by the other address is the same person.
  if r->>'alt_jid' is not null then
    select a.contact_id into v_contact from public.contact_aliases a where a.tenant_id = v_tenant and a.jid in (v_jid, r->>'alt_jid')
      order by (a.jid like '%@s.whatsapp.net') desc limit 1;
    if v_contact is not null then
      insert into public.contact_aliases (tenant_id, jid, contact_id)
        select v_tenant, j, v_contact from unnest(array[v_jid, r->>'alt_jid']) j on conflict do nothing;
    end if;
  end if;
  select c.chat_id, c.contact_id into v_chat, v_contact from public.resolve_chats(v_tenant, jsonb_build_array(r)) c;
  insert into public.contact_aliases (tenant_id, jid, contact_id)
    select v_tenant, r->>'alt_jid', v_contact where r->>'alt_jid' is not null on conflict do nothing;

  insert into public.message_keys (session_id, wa_message_id, chat_id, sender, tenant_id, message_id)
    values (v_session, r->>'wa_message_id', v_chat, coalesce(r->>'sender', v_contact::text), v_tenant, (r->>'id')::uuid)
    on conflict do nothing returning * into v_key;
  if v_key.message_id is null then
    if r->>'type' = 'undecryptable' then return null; end if;
    select * into v_key from public.message_keys k where k.session_id = v_session and k.wa_message_id = r->>'wa_message_id'
      and k.chat_id = v_chat and k.sender = coalesce(r->>'sender', v_contact::text);
    update public.whatsapp_messages m set type = r->>'type', content = r->'content', status_reason = null, revision = m.revision + 1
      where m.id = v_key.message_id and m.type = 'undecryptable' returning * into v_message;
    if v_message.id is null then return null; end if;
  else
    insert into public.whatsapp_messages (id, tenant_id, session_id, chat_id, contact_id, direction, jid, type, content, status, status_reason, wa_message_id,
        owner_epoch, accepted_at)
      values ((r->>'id')::uuid, v_tenant, v_session, v_chat, v_contact, 'in', v_jid, r->>'type', r->'content', 'delivered', r->>'reason', r->>'wa_message_id',
        p_epoch, least(clock_timestamp(), to_timestamp((r->>'at_ms')::bigint / 1000.0)))
      returning * into v_message;
  end if;
  update public.chats set unread = unread + case when v_message.revision = 1 then 1 else 0 end, last_message_id = v_message.id,
    last_message_at = clock_timestamp() where id = v_chat;
  update public.contacts set last_in_at = clock_timestamp(), push_name = coalesce(r->>'push_name', push_name),
    phone = coalesce(phone, r->>'phone'), lid = coalesce(lid, r->>'lid') where id = v_contact;
  return jsonb_build_object('tenant_id', v_tenant, 'type', 'message.received', 'subject', v_message.id, 'lease_epoch', p_epoch,
    'session', (select public.session_ref(s) from public.whatsapp_sessions s where s.id = v_session),
    'data', jsonb_build_object('message', public.message_json(v_message), 'delayed', coalesce((r->>'delayed')::boolean, false)));
end $$;

-- Writes what a worker knows of one session; returns the events it made.
create function public.commit_session(r jsonb, p_epoch bigint) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_id uuid := (r->>'session_id')::uuid;
  v_events jsonb := '[]';
  v_session public.whatsapp_sessions;
begin
  if (r->>'forget')::boolean then
    delete from public.whatsapp_signal_keys where session_id = v_id;
    update public.whatsapp_sessions set
      retired_auth_state = coalesce(auth_state, retired_auth_state),
      retired_at = case when auth_state is null then retired_at else clock_timestamp() end,
      auth_state = null, paired_at = null, unlink = false, phone = null, lid = null, jid = null, push_name = null,
      platform = null, connected_at = null, updated_at = clock_timestamp() where id = v_id;
  end if;
  update public.whatsapp_sessions set
    auth_state = coalesce(r->>'auth_state', auth_state),
    phone = coalesce(r->>'phone', phone), lid = coalesce(r->>'lid', lid), jid = coalesce(r->>'jid', jid),
    push_name = coalesce(r->>'push_name', push_name), platform = coalesce(r->>'platform', platform),
    paired_at = case when (r->>'paired')::boolean and paired_at is null then clock_timestamp() else paired_at end,
    pace_tat = coalesce(to_timestamp((r->>'pace_tat_ms')::bigint / 1000.0), pace_tat)
    where id = v_id returning * into v_session;
  if v_session.id is null then return '[]'; end if;
  if (r->>'paired')::boolean then
    v_events := v_events || jsonb_build_array(jsonb_build_object('tenant_id', v_session.tenant_id, 'type', 'session.paired',
      'session', public.session_ref(v_session), 'subject', v_id, 'lease_epoch', p_epoch,
      'data', jsonb_build_object('phone', v_session.phone, 'lid', v_session.lid, 'push_name', v_session.push_name)));
  end if;
  if r ? 'status' then
    v_events := v_events || public.set_session_status(v_id, r->>'status', r->>'reason', (r->>'deadline_ms')::bigint, p_epoch, null);
    if r->>'status' in ('connected', 'syncing') then perform public.release_offline(v_id); end if;
  end if;
  return v_events;
end $$;

-- Rows that waited for the session's link get back into their lanes, at their old place. A lane that somebody else is
-- changing is left to the next sweep: a commit holds messages by now, and whoever changes a lane may want those.
create function public.release_offline(p_session uuid) returns int
language plpgsql set search_path = '' as $$
declare
  v_count int;
  v_lanes bigint[];
begin
  if not exists (select 1 from public.whatsapp_messages m
      where m.session_id = p_session and m.direction = 'out' and m.status = 'held' and m.status_reason = 'session_offline') then return 0; end if;
  v_lanes := array(select l.lane from public.message_lanes l where l.session_id = p_session order by l.lane for update skip locked);
  with waiting as (
    select m.id from public.whatsapp_messages m
      where m.session_id = p_session and m.direction = 'out' and m.status = 'held' and m.status_reason = 'session_offline' and m.lane = any (v_lanes)
      order by m.id for update skip locked
  ), back as (
    update public.whatsapp_messages m set status = 'queued', status_reason = null, revision = revision + 1
      from waiting w where m.id = w.id
      returning m.lane, m.seq
  ), lowest as (
    select lane, min(seq) as seq, count(*) as n from back group by lane
  ), lanes as (
    update public.message_lanes l set head_seq = least(l.head_seq, w.seq), touched_at = clock_timestamp()
      from lowest w where l.session_id = p_session and l.lane = w.lane returning w.n
  )
  select coalesce(sum(n), 0) into v_count from lanes;
  return v_count;
end $$;

-- Rows of lanes in order: [{session_id, lane, after_seq, limit, skip_chats?}] gives {rows, lanes: [{session_id, lane, state, weight, head_seq, next_seq}]}.
-- `skip_chats` leaves out chats that wait, so that their rows do not stand before everybody else's.
create function public.read_lanes(p_requests jsonb) returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_generic_plan' set enable_seqscan = 'off' as $$
begin
  return (with request as (
    select * from jsonb_to_recordset(p_requests) as r (session_id uuid, lane bigint, after_seq bigint, "limit" int, skip_chats uuid[])
  )
  select jsonb_build_object(
    'rows', coalesce((
      select jsonb_agg(jsonb_build_object('id', m.id, 'session_id', m.session_id, 'lane', m.lane, 'seq', m.seq, 'chat_id', m.chat_id, 'jid', m.jid,
        'type', m.type, 'content', m.content, 'wa_message_id', m.wa_message_id, 'attempts', m.attempts, 'deaths', m.deaths,
        'on_unknown', m.on_unknown, 'status', m.status, 'status_reason', m.status_reason, 'expires_at_ms', (extract(epoch from m.expires_at) * 1000)::bigint, 'not_before_ms', (extract(epoch from m.not_before) * 1000)::bigint)
        order by m.session_id, m.lane, m.seq)
      from request r cross join lateral (
        select * from public.whatsapp_messages m
        where m.session_id = r.session_id and m.lane = r.lane and m.seq > r.after_seq and m.direction = 'out' and m.status = 'queued'
          and (r.skip_chats is null or m.chat_id <> all (r.skip_chats))
          -- A row that was accepted while its session was offline may still be on its way back to its place: whoever accepted
          -- it saw the session without its link, and the session did not see the row. What came later in its chat waits for it.
          and not exists (select 1 from public.whatsapp_messages h where h.session_id = m.session_id and h.lane = m.lane and h.chat_id = m.chat_id
            and h.seq < m.seq and h.direction = 'out' and h.status = 'held' and h.status_reason = 'session_offline')
        order by m.seq limit least(r."limit", 200)) m), '[]'),
    'lanes', coalesce((
      select jsonb_agg(jsonb_build_object('session_id', l.session_id, 'lane', l.lane, 'state', l.state, 'weight', l.weight,
        'head_seq', l.head_seq, 'next_seq', l.next_seq))
      from request r join public.message_lanes l on l.session_id = r.session_id and l.lane = r.lane), '[]')));
end $$;

-- What is on the wire without an end, after a takeover or reconnect, oldest first.
create function public.read_inflight(p_sessions uuid[]) returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_generic_plan' set enable_seqscan = 'off' as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'session_id', m.session_id, 'lane', m.lane, 'seq', m.seq, 'chat_id', m.chat_id, 'jid', m.jid,
    'type', m.type, 'content', m.content, 'wa_message_id', m.wa_message_id, 'attempts', m.attempts, 'deaths', m.deaths,
    'on_unknown', m.on_unknown, 'status', m.status, 'status_reason', m.status_reason,
    'expires_at_ms', (extract(epoch from m.expires_at) * 1000)::bigint, 'not_before_ms', null) order by m.session_id, m.lane, m.seq), '[]')
  from public.whatsapp_messages m
  where m.session_id = any (p_sessions) and m.direction = 'out' and m.status in ('sending', 'unknown') and coalesce(m.status_reason, '') not in ('awaiting_person', 'assumed_sent'));
end $$;

-- One look for a whole worker: lanes touched since the last sweep (every lane with waiting rows when `since` is null) and
-- sessions whose wishes changed. Also answers those who said stop, and lets rows go that waited for a link that is back.
-- p: {shards: [int], since: iso | null}. Returns {lanes: [{…, first_seq: seq of the first queued row | null}], sessions: [id], t}.
create function public.sweep_lanes(p jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
declare
  v_t timestamptz := clock_timestamp();
  v_shards int[] := array(select x::int from jsonb_array_elements_text(p->'shards') x);
  v_since timestamptz := (p->>'since')::timestamptz - interval '10 seconds';
  v_lanes jsonb;
  v_sessions jsonb;
begin
  perform public.confirm_opt_outs(v_shards);
  perform public.release_offline(s.id) from public.whatsapp_sessions s
    where s.shard = any (v_shards) and s.desired = 'running' and s.status in ('connected', 'degraded', 'syncing')
      and exists (select 1 from public.whatsapp_messages m where m.session_id = s.id and m.direction = 'out' and m.status = 'held' and m.status_reason = 'session_offline');
  select coalesce(jsonb_agg(jsonb_build_object('session_id', l.session_id, 'lane', l.lane, 'state', l.state, 'weight', l.weight,
      'head_seq', l.head_seq, 'next_seq', l.next_seq, 'first_seq', q.first_seq)), '[]') into v_lanes
    from public.message_lanes l join public.whatsapp_sessions s on s.id = l.session_id
    left join lateral (select m.seq as first_seq from public.whatsapp_messages m where m.session_id = l.session_id and m.lane = l.lane
      and m.direction = 'out' and m.status = 'queued' order by m.seq limit 1) q on true
    where s.shard = any (v_shards) and s.desired = 'running' and (l.touched_at >= v_since or v_since is null and q.first_seq is not null);
  select coalesce(jsonb_agg(s.id), '[]') into v_sessions from public.whatsapp_sessions s
    where s.shard = any (v_shards) and (s.changed_at >= v_since or v_since is null and (s.desired = 'running' or s.unlink
      or s.status not in ('stopped', 'conflict', 'logged_out', 'restricted', 'banned', 'failed')));
  -- The hint that bounds first reads and counts the backlog. Nothing below it can come back: every row that may is counted here.
  -- A lane that took new rows or got old ones back meanwhile is left alone: the comparison is looked at again under the lock.
  -- Last, and only lanes that move: whoever accepts a message waits for these locks.
  if v_since is null then
    with hint as materialized (
      select k.session_id, k.lane, k.head_seq, k.next_seq, least(k.next_seq,
          (select m.seq from public.whatsapp_messages m where m.session_id = k.session_id and m.lane = k.lane and m.direction = 'out' and m.status = 'queued' order by m.seq limit 1),
          (select min(m.seq) from public.whatsapp_messages m where m.session_id = k.session_id and m.lane = k.lane and m.direction = 'out' and m.status = 'held'),
          (select min(m.seq) from public.whatsapp_messages m where m.session_id = k.session_id and m.lane = k.lane and m.direction = 'out' and m.status in ('sending', 'unknown'))) as first_seq
        from public.message_lanes k join public.whatsapp_sessions s on s.id = k.session_id where s.shard = any (v_shards) and k.head_seq < k.next_seq
    ), locked as materialized (
      select l.session_id, l.lane from public.message_lanes l join hint h on h.session_id = l.session_id and h.lane = l.lane
        where h.first_seq > h.head_seq order by l.session_id, l.lane for update of l skip locked
    )
    update public.message_lanes l set head_seq = h.first_seq
      from hint h join locked k on k.session_id = h.session_id and k.lane = h.lane
      where l.session_id = h.session_id and l.lane = h.lane and l.head_seq = h.head_seq and l.next_seq = h.next_seq;
  end if;
  return jsonb_build_object('lanes', v_lanes, 'sessions', v_sessions, 't', to_jsonb(v_t));
end $$;

-- Content of a message we sent, by WhatsApp id alone: retry receipts name a device, not the chat.
create function public.find_sent_content(p_session uuid, p_wa_message_id text) returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_generic_plan' set enable_seqscan = 'off' as $$
begin
  return (select jsonb_build_object('id', m.id, 'jid', m.jid, 'type', m.type, 'content', m.content)
  from public.message_keys k join public.whatsapp_messages m on m.id = k.message_id
  where k.session_id = p_session and k.wa_message_id = p_wa_message_id and m.direction = 'out'
  limit 1);
end $$;

do $$ declare f regprocedure; begin
  for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'public'::regnamespace
    and p.proname in ('commit_group', 'store_inbound', 'commit_session', 'release_offline', 'read_lanes', 'read_inflight', 'sweep_lanes', 'find_sent_content',
      'accept_messages', 'cancel_message', 'read_chat', 'store_outbound', 'resolve_chats', 'message_json', 'message_event', 'party_json',
      'message_rank', 'wa_message_id', 'ensure_message_partitions', 'uuid_floor') loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
    execute format('grant execute on function %s to service_role', f);
  end loop;
end $$;

do $$ declare t text; begin
  foreach t in array array['contacts', 'contact_aliases', 'chats', 'message_lanes', 'whatsapp_messages', 'message_keys', 'message_refs', 'shard_commits'] loop
    execute format('alter table public.%I enable row level security', t);
    execute format('alter table public.%I force row level security', t);
    execute format('revoke all on public.%I from anon, authenticated', t);
    execute format('grant select, insert, update, delete on public.%I to service_role', t);
  end loop;
  foreach t in array array['contacts', 'contact_aliases', 'chats', 'whatsapp_messages'] loop
    execute format('grant select on public.%I to authenticated', t);
    execute format('create policy of_my_tenants on public.%I for select to authenticated using (tenant_id in (select public.my_tenants()))', t);
  end loop;
end $$;
