-- People, conversations and messages. The outbox is the outbound rows that are not yet acknowledged: there is no second home.

create table public.contacts (
  id uuid primary key default public.uuid_v7(),
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  phone text,
  lid text,
  display_name text,
  push_name text,
  last_in_at timestamptz,
  created_at timestamptz not null default now()
);
create index contacts_tenant on public.contacts (tenant_id, id);

-- A person has many addresses (phone number, hidden identity) and is one contact.
create table public.contact_aliases (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  jid text not null,
  contact_id uuid not null references public.contacts (id) on delete cascade deferrable initially deferred,
  primary key (tenant_id, jid)
);
create index contact_aliases_contact on public.contact_aliases (contact_id);

create table public.chats (
  id uuid primary key default public.uuid_v7(),
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  session_id uuid not null references public.whatsapp_sessions (id) on delete cascade,
  contact_id uuid not null references public.contacts (id) on delete cascade,
  -- The address this conversation was begun with: sends go there.
  jid text not null,
  unread int not null default 0,
  last_message_id uuid,
  last_message_at timestamptz not null default now(),
  unique (session_id, contact_id)
) with (fillfactor = 70);
create index chats_activity on public.chats (tenant_id, last_message_at desc, id);

-- The order in which a session sends: lane 0 is interactive, every campaign has a lane of its own.
create table public.message_lanes (
  session_id uuid not null references public.whatsapp_sessions (id) on delete cascade,
  lane bigint not null,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  state text not null default 'run' check (state in ('run', 'paused', 'canceled')),
  -- A lower bound of the first queued row: a hint that bounds the first read, never a promise.
  head_seq bigint not null default 1,
  next_seq bigint not null default 1,
  weight smallint not null default 1 check (weight > 0),
  touched_at timestamptz not null default clock_timestamp(),
  primary key (session_id, lane)
) with (fillfactor = 70);
create index message_lanes_touched on public.message_lanes (touched_at);

create table public.whatsapp_messages (
  id uuid not null,
  tenant_id uuid not null,
  session_id uuid not null,
  chat_id uuid not null,
  contact_id uuid not null,
  direction text not null check (direction in ('out', 'in')),
  lane bigint,
  seq bigint,
  campaign_id uuid,
  batch_id uuid,
  jid text not null,
  input text,
  type text not null,
  content jsonb not null,
  category text not null default 'service',
  status text not null,
  status_reason text,
  failure jsonb,
  attempts int not null default 0,
  -- Attempts counted before the message was touched, after its owner had died; any outcome clears it.
  deaths int not null default 0,
  not_before timestamptz,
  expires_at timestamptz,
  on_unknown text not null default 'resend_same_id',
  wa_message_id text not null,
  client_ref text,
  owner_epoch bigint,
  request_id text,
  metadata jsonb not null default '{}',
  accepted_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  delivered_at timestamptz,
  read_at timestamptz,
  played_at timestamptz,
  revision bigint not null default 1,
  primary key (id)
) partition by range (id);
create index whatsapp_messages_queued on public.whatsapp_messages (session_id, lane, seq) where direction = 'out' and status = 'queued';
create index whatsapp_messages_held on public.whatsapp_messages (session_id, lane, chat_id, seq) where direction = 'out' and status = 'held';
create index whatsapp_messages_inflight on public.whatsapp_messages (session_id) where direction = 'out' and status in ('sending', 'unknown');
create index whatsapp_messages_expiry on public.whatsapp_messages (expires_at) where direction = 'out' and status in ('queued', 'held', 'scheduled');
create index whatsapp_messages_tenant on public.whatsapp_messages (tenant_id, id);
create index whatsapp_messages_chat on public.whatsapp_messages (chat_id, id);
create index whatsapp_messages_campaign on public.whatsapp_messages (campaign_id, status) where campaign_id is not null;

-- Partitions live in a schema that the API does not expose: rows are reached through the parent and its policies only.
create schema partitions;
revoke all on schema partitions from public;

-- The smallest UUIDv7 of a moment: the border between two months.
create function public.uuid_floor(t timestamptz) returns uuid
language plpgsql immutable set search_path = '' as $$
begin
  return (lpad(to_hex((extract(epoch from t) * 1000)::bigint), 12, '0') || '70000000000000000000')::uuid;
end $$;

-- A definer, because making tables takes more than a service may do.
-- Makes the month partitions around now, for `p_months` months ahead. A default partition catches what falls outside.
create function public.ensure_message_partitions(p_months int default 2) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_month timestamp;
  v_name text;
begin
  for v_month in select generate_series(date_trunc('month', now() at time zone 'utc') - interval '1 month',
      date_trunc('month', now() at time zone 'utc') + p_months * interval '1 month', interval '1 month') loop
    v_name := 'whatsapp_messages_' || to_char(v_month, 'YYYYMM');
    if to_regclass('partitions.' || v_name) is null then
      execute format('create table partitions.%I partition of public.whatsapp_messages for values from (%L) to (%L) with (fillfactor = 85)',
        v_name, public.uuid_floor(v_month at time zone 'utc'), public.uuid_floor((v_month + interval '1 month') at time zone 'utc'));
      execute format('alter table partitions.%I enable row level security', v_name);
      execute format('alter table partitions.%I force row level security', v_name);
    end if;
  end loop;
end $$;

create table partitions.whatsapp_messages_rest partition of public.whatsapp_messages default with (fillfactor = 85);
alter table partitions.whatsapp_messages_rest enable row level security;
alter table partitions.whatsapp_messages_rest force row level security;
select public.ensure_message_partitions(2);

-- Where a WhatsApp id is found: receipts, retries and repeats name it. Makes inbound once.
create table public.message_keys (
  session_id uuid not null references public.whatsapp_sessions (id) on delete cascade,
  wa_message_id text not null,
  chat_id uuid not null,
  sender text not null default '',
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  message_id uuid not null,
  primary key (session_id, wa_message_id, chat_id, sender)
);

-- The caller's references: one reference, one message.
create table public.message_refs (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  client_ref text not null,
  content_hash text not null,
  message_id uuid not null,
  primary key (tenant_id, client_ref)
);

-- The id a message has on the wire, fixed before the first byte leaves: the library's own shape, derived from ours.
create function public.wa_message_id(p_tenant uuid, p_message uuid) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return '3EB0' || upper(left(encode(sha256(convert_to(p_tenant || ':' || p_message, 'UTF8')), 'hex'), 18));
end $$;

-- Rank of a status; from `sending` on evidence only lifts it. Twin of domain/message-status.ts.
create function public.message_rank(p_status text) returns int
language plpgsql immutable set search_path = '' as $$
begin
  return case p_status when 'scheduled' then 0 when 'held' then 1 when 'queued' then 2 when 'sending' then 3 when 'unknown' then 3
    when 'failed' then 3 when 'canceled' then 3 when 'expired' then 3
    when 'sent' then 4 when 'delivered' then 5 when 'read' then 6 when 'played' then 7 end;
end $$;

-- A person in the shape of the API.
create function public.party_json(c public.contacts, p_jid text, p_input text) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_build_object('contact_id', c.id, 'input', p_input, 'phone', c.phone, 'lid', c.lid, 'jid', p_jid,
    'display_name', coalesce(c.display_name, c.push_name));
end $$;

-- A message in the shape of the API and of events.
create function public.message_json(m public.whatsapp_messages) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_build_object(
    'id', m.id, 'direction', m.direction, 'session_id', m.session_id, 'chat_id', m.chat_id,
    'party', (select public.party_json(c, m.jid, m.input) from public.contacts c where c.id = m.contact_id),
    'type', m.type, 'text', case when m.type = 'text' then m.content end, 'category', m.category, 'status', m.status,
    'status_reason', m.status_reason, 'failure', m.failure, 'wa_message_id', m.wa_message_id, 'client_ref', m.client_ref,
    'campaign_id', m.campaign_id, 'batch_id', m.batch_id, 'expires_at', public.iso(m.expires_at),
    'accepted_at', public.iso(m.accepted_at), 'sent_at', public.iso(m.sent_at), 'delivered_at', public.iso(m.delivered_at),
    'read_at', public.iso(m.read_at), 'played_at', public.iso(m.played_at), 'metadata', m.metadata,
    'request_id', m.request_id, 'revision', m.revision));
end $$;

-- The event that a changed message appends; null for the moves that are none of a person's business.
create function public.message_event(m public.whatsapp_messages, p_previous text, p_session jsonb, p_epoch bigint, p_at timestamptz) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select case when m.status in ('queued', 'sending') then null else jsonb_build_object(
    'tenant_id', m.tenant_id, 'type', 'message.status_changed', 'session', p_session, 'subject', m.id,
    'request_id', m.request_id, 'lease_epoch', p_epoch,
    'data', jsonb_build_object('message_id', m.id, 'chat_id', m.chat_id, 'client_ref', m.client_ref, 'campaign_id', m.campaign_id,
      'previous', p_previous, 'status', m.status, 'reason', m.status_reason, 'failure', m.failure, 'at', public.iso(p_at), 'revision', m.revision)) end);
end $$;

-- Contacts and chats for [{session_id, jid, phone, lid}], made where missing. One row back for each distinct
-- (session, jid). Aliases decide who a person is: whoever inserts the alias makes the contact.
create function public.resolve_chats(p_tenant uuid, p_rows jsonb) returns table (session_id uuid, jid text, contact_id uuid, chat_id uuid)
language plpgsql set search_path = '' as $$
#variable_conflict use_column
begin
  with wanted as (
    select r.jid, max(r.phone) as phone, max(r.lid) as lid from jsonb_to_recordset(p_rows) as r (jid text, phone text, lid text) group by r.jid
  ), fresh as (
    insert into public.contact_aliases (tenant_id, jid, contact_id)
      select p_tenant, w.jid, public.uuid_v7() from wanted w
      where not exists (select 1 from public.contact_aliases a where a.tenant_id = p_tenant and a.jid = w.jid)
      order by w.jid
      on conflict do nothing returning jid, contact_id
  )
  insert into public.contacts (id, tenant_id, phone, lid)
    select f.contact_id, p_tenant, w.phone, coalesce(w.lid, case when w.jid like '%@lid' then w.jid end)
    from fresh f join wanted w on w.jid = f.jid;
  insert into public.chats (tenant_id, session_id, contact_id, jid)
    select distinct on (r.session_id, a.contact_id) p_tenant, r.session_id, a.contact_id, r.jid
    from jsonb_to_recordset(p_rows) as r (session_id uuid, jid text)
    join public.contact_aliases a on a.tenant_id = p_tenant and a.jid = r.jid
    where not exists (select 1 from public.chats c where c.session_id = r.session_id and c.contact_id = a.contact_id)
    order by r.session_id, a.contact_id
    on conflict (session_id, contact_id) do nothing;
  return query
    select distinct r.session_id, r.jid, a.contact_id, c.id
    from jsonb_to_recordset(p_rows) as r (session_id uuid, jid text)
    join public.contact_aliases a on a.tenant_id = p_tenant and a.jid = r.jid
    join public.chats c on c.session_id = r.session_id and c.contact_id = a.contact_id;
end $$;

-- Puts outbound rows into their lanes, in array order. The lane's row lock is held to the commit, so sequence numbers
-- become visible in order and a reader's cursor can never skip a late commit. Rows:
-- [{id, session_id, jid, phone, input, lane, lane_weight, campaign_id, batch_id, type, content, category, client_ref, ttl_s, on_unknown,
--   metadata, request_id}]. Returns the wake-ups: [{session_id, shard, lane}].
create function public.store_outbound(p_tenant uuid, p_rows jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_chats jsonb;
  v_wakes jsonb;
begin
  -- A statement of its own: rows made by a function are invisible to the statement that called it.
  select jsonb_agg(to_jsonb(c)) into v_chats from public.resolve_chats(p_tenant, p_rows) c;
  -- Chats before lanes, and in order: commits lock chats too.
  perform 1 from public.chats c where c.id = any (array(select (x->>'chat_id')::uuid from jsonb_array_elements(v_chats) x)) order by c.id for no key update;
  perform 1 from public.message_lanes l
    where (l.session_id, l.lane) in (select r.session_id, r.lane from jsonb_to_recordset(p_rows) as r (session_id uuid, lane bigint))
    order by l.session_id, l.lane for update;
  with chat as materialized (
    select * from jsonb_to_recordset(v_chats) as c (session_id uuid, jid text, contact_id uuid, chat_id uuid)
  ), row_in as (
    select r.*, e.position from jsonb_array_elements(p_rows) with ordinality as e (value, position),
      lateral jsonb_to_record(e.value) as r (id uuid, session_id uuid, jid text, phone text, input text, lane bigint, lane_weight smallint,
        campaign_id uuid, batch_id uuid, type text, content jsonb, category text, client_ref text, ttl_s int, on_unknown text,
        metadata jsonb, request_id text)
  ), need as (
    select session_id, lane, max(lane_weight) as weight, count(*) as n from row_in group by session_id, lane order by session_id, lane
  ), base as (
    insert into public.message_lanes as l (session_id, lane, tenant_id, weight, next_seq)
      select session_id, lane, p_tenant, coalesce(weight, 1), 1 + n from need
      on conflict (session_id, lane) do update set next_seq = l.next_seq + excluded.next_seq - 1, touched_at = clock_timestamp()
      returning session_id, lane, next_seq
  ), stored as (
    insert into public.whatsapp_messages (id, tenant_id, session_id, chat_id, contact_id, direction, lane, seq, campaign_id, batch_id, jid,
        input, type, content, category, status, status_reason, wa_message_id, client_ref, expires_at, on_unknown, metadata, request_id)
      select r.id, p_tenant, r.session_id, c.chat_id, c.contact_id, 'out', r.lane,
        b.next_seq - n.n - 1 + row_number() over (partition by r.session_id, r.lane order by r.position),
        r.campaign_id, r.batch_id, r.jid, r.input, r.type, r.content, coalesce(r.category, 'service'),
        case when s.status in ('connected', 'degraded', 'syncing') then 'queued' else 'held' end,
        case when s.status in ('connected', 'degraded', 'syncing') then null else 'session_offline' end,
        public.wa_message_id(p_tenant, r.id), r.client_ref, clock_timestamp() + r.ttl_s * interval '1 second', coalesce(r.on_unknown, 'resend_same_id'),
        coalesce(r.metadata, '{}'), r.request_id
      from row_in r
      join need n on n.session_id = r.session_id and n.lane = r.lane
      join base b on b.session_id = r.session_id and b.lane = r.lane
      join chat c on c.session_id = r.session_id and c.jid = r.jid
      join public.whatsapp_sessions s on s.id = r.session_id
      returning id, session_id, chat_id, wa_message_id
  ), keyed as (
    insert into public.message_keys (session_id, wa_message_id, chat_id, tenant_id, message_id)
      select session_id, wa_message_id, chat_id, p_tenant, id from stored
  ), shown as (
    update public.chats c set last_message_id = newest.id, last_message_at = clock_timestamp()
      from (select distinct on (chat_id) chat_id, id from stored order by chat_id, id desc) newest
      where c.id = newest.chat_id
  )
  select jsonb_agg(jsonb_build_object('session_id', b.session_id, 'shard', s.shard, 'lane', b.lane)) into v_wakes
    from base b join public.whatsapp_sessions s on s.id = b.session_id;
  return coalesce(v_wakes, '[]');
end $$;
