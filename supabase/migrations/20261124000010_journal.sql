-- The inbound journal: what was decrypted, kept in the very commit that moved the ratchet on. Signal decrypts a message
-- once; without this row a process that dies between that commit and the stored message has lost it.

-- One decrypted part of a stanza. `part` is its place in the stanza and the head of its ciphertext's SHA-256: a group
-- stanza carries two, and a sender who is asked again encrypts anew under the same id.
create table public.inbound_journal (
  session_id uuid not null references public.whatsapp_sessions (id) on delete cascade,
  chat text not null,
  -- Who wrote, in chats of many; '' where the chat says it.
  participant text not null,
  wa_message_id text not null,
  part text not null,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  -- Order in which they were decrypted.
  no bigint generated always as identity,
  -- Sealed: attributes of the stanza and the padded plaintext.
  value text not null,
  epoch bigint not null,
  received_at timestamptz not null default clock_timestamp(),
  -- Set when the message is stored, at once when the part holds none (keys, receipts of other devices).
  processed_at timestamptz,
  primary key (session_id, chat, participant, wa_message_id, part)
);
create index inbound_journal_waiting on public.inbound_journal (session_id, no) where processed_at is null;
create index inbound_journal_age on public.inbound_journal (received_at);

-- Stanzas that make trouble: begun by a careful owner and not ended, or not readable so far.
create table public.inbound_trouble (
  session_id uuid not null references public.whatsapp_sessions (id) on delete cascade,
  chat text not null,
  participant text not null,
  wa_message_id text not null,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  -- How often it was begun while its owner was careful.
  tries smallint not null default 0,
  -- What is stored in its place when nothing readable has come by then, in the shape of commit_group's `inbound`.
  stub jsonb,
  due_at timestamptz,
  since timestamptz not null default clock_timestamp(),
  primary key (session_id, chat, participant, wa_message_id)
);
create index inbound_trouble_due on public.inbound_trouble (due_at) where due_at is not null;
create index inbound_trouble_age on public.inbound_trouble (since);

-- Journal rows by key: [{session_id, chat, participant, wa_message_id, part}] gives those that exist, with `value`.
create function public.load_journal(p_requests jsonb) returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_generic_plan' set enable_seqscan = 'off' as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object('session_id', j.session_id, 'chat', j.chat, 'participant', j.participant,
      'wa_message_id', j.wa_message_id, 'part', j.part, 'value', j.value)), '[]')
    from jsonb_to_recordset(p_requests) as r (session_id uuid, chat text, participant text, wa_message_id text, part text)
    join public.inbound_journal j on j.session_id = r.session_id and j.chat = r.chat and j.participant = r.participant
      and j.wa_message_id = r.wa_message_id and j.part = r.part);
end $$;

-- What a session has decrypted and not stored, oldest first: [{session_id, after}] gives
-- {rows: [{session_id, chat, participant, wa_message_id, part, no, value}], tries: [{session_id, chat, participant, wa_message_id, tries}]};
-- at most 100 rows beyond number `after` for each session.
create function public.load_waiting_journal(p_requests jsonb) returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_generic_plan' set enable_seqscan = 'off' as $$
begin
  return jsonb_build_object(
    'rows', (select coalesce(jsonb_agg(jsonb_build_object('session_id', j.session_id, 'chat', j.chat, 'participant', j.participant,
        'wa_message_id', j.wa_message_id, 'part', j.part, 'no', j.no, 'value', j.value) order by j.session_id, j.no), '[]')
      from jsonb_to_recordset(p_requests) as r (session_id uuid, after bigint) cross join lateral (
        select * from public.inbound_journal w where w.session_id = r.session_id and w.processed_at is null and w.no > r.after
        order by w.no limit 100) j),
    'tries', (select coalesce(jsonb_agg(jsonb_build_object('session_id', t.session_id, 'chat', t.chat, 'participant', t.participant,
        'wa_message_id', t.wa_message_id, 'tries', t.tries)), '[]')
      from jsonb_to_recordset(p_requests) as r (session_id uuid) join public.inbound_trouble t on t.session_id = r.session_id
      where t.tries > 0));
end $$;

-- Housekeeping of both tables, called by upkeep_pass. Stores what never got readable in its place; rows are kept a day for
-- redeliveries. What was decrypted and not stored stays for 30 days: its session may rest. Returns
-- {events: those to append, waiting: rows that should have been stored 10 s ago}.
create function public.upkeep_inbound() returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_trouble public.inbound_trouble;
  v_event jsonb;
  v_events jsonb := '[]';
begin
  for v_trouble in select * from public.inbound_trouble where due_at < now() order by due_at limit 200 for update skip locked loop
    v_event := public.store_inbound(v_trouble.stub || jsonb_build_object('session_id', v_trouble.session_id, 'tenant_id', v_trouble.tenant_id), null);
    if v_event is not null then v_events := v_events || v_event; end if;
    delete from public.inbound_trouble t where t.session_id = v_trouble.session_id and t.chat = v_trouble.chat
      and t.participant = v_trouble.participant and t.wa_message_id = v_trouble.wa_message_id;
  end loop;
  delete from public.inbound_trouble where ctid = any (array(
    select ctid from public.inbound_trouble where since < now() - interval '1 day' and due_at is null limit 5000 for update skip locked));
  delete from public.inbound_journal where ctid = any (array(
    select ctid from public.inbound_journal where received_at < now() - interval '1 day'
      and (processed_at is not null or received_at < now() - interval '30 days') limit 20000 for update skip locked));
  return jsonb_build_object('events', v_events, 'waiting',
    (select count(*) from public.inbound_journal where processed_at is null and received_at < now() - interval '10 seconds'));
end $$;

do $$ declare f regprocedure; begin
  for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'public'::regnamespace
    and p.proname in ('load_journal', 'load_waiting_journal', 'upkeep_inbound') loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
    execute format('grant execute on function %s to service_role', f);
  end loop;
end $$;

do $$ declare t text; begin
  foreach t in array array['inbound_journal', 'inbound_trouble'] loop
    execute format('alter table public.%I enable row level security', t);
    execute format('alter table public.%I force row level security', t);
    execute format('revoke all on public.%I from anon, authenticated', t);
    execute format('grant select, insert, update, delete on public.%I to service_role', t);
  end loop;
end $$;
