-- Campaigns: a list of recipients frozen into rows, moved into the outbox by windows, counted without a locked counter.

create table public.campaigns (
  id uuid primary key,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  -- Its lane in every session it uses; lane 0 is interactive.
  lane bigint generated always as identity,
  name text not null,
  category text not null,
  content jsonb not null,
  session_ids uuid[] not null check (cardinality(session_ids) > 0),
  status text not null default 'draft' check (status in ('draft', 'ready', 'running', 'paused', 'completed', 'canceled')),
  status_reason text,
  default_region text,
  ttl_s int not null,
  on_unknown text not null,
  metadata jsonb not null default '{}',
  next_ordinal bigint not null default 1,
  -- What the last progress event said, and the sample its rate was made from.
  progress jsonb,
  progress_at timestamptz,
  rate_per_minute numeric,
  created_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  finished_at timestamptz,
  revision bigint not null default 1
);
create index campaigns_tenant on public.campaigns (tenant_id, id);
create index campaigns_active on public.campaigns (status) where status in ('running', 'completed');

create table public.campaign_parts (
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  part int not null,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  status text not null default 'incomplete' check (status in ('incomplete', 'complete')),
  digest text,
  -- The upload that may write now: opening the part again takes it over, and the older upload is refused.
  upload uuid,
  received int not null default 0,
  accepted int not null default 0,
  duplicate int not null default 0,
  suppressed int not null default 0,
  invalid int not null default 0,
  primary key (campaign_id, part)
);

create table public.campaign_recipients (
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  ordinal bigint not null,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  part int not null,
  jid text not null,
  phone text,
  input text not null,
  -- The text with its variables filled in, frozen when the line was read.
  body text not null,
  client_ref text,
  session_id uuid not null,
  status text not null default 'planned' check (status in ('planned', 'released', 'canceled', 'suppressed')),
  message_id uuid,
  primary key (campaign_id, ordinal)
);
-- One row for each person of a campaign: a second upload of the same line, or a second release, changes nothing.
create unique index campaign_recipients_person on public.campaign_recipients (campaign_id, jid);
create index campaign_recipients_planned on public.campaign_recipients (campaign_id, session_id, ordinal) where status = 'planned';

create table public.campaign_line_errors (
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  part int not null,
  line int not null,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  code text not null,
  message text not null,
  value text not null,
  primary key (campaign_id, part, line)
);

-- Totals are sums of deltas: written by triggers in the transaction that moves the rows, so they cannot disagree with
-- them, and appended, so that no two workers ever wait for a counter. Upkeep folds them together.
create table public.campaign_totals (
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  status text not null,
  n bigint not null
);
create index campaign_totals_campaign on public.campaign_totals (campaign_id);

create function public.count_campaign_messages() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    insert into public.campaign_totals (campaign_id, status, n)
      select campaign_id, status, count(*) from new_rows where campaign_id is not null group by 1, 2;
  else
    insert into public.campaign_totals (campaign_id, status, n)
      select campaign_id, status, sum(n) from (
        select campaign_id, status, 1 as n from new_rows where campaign_id is not null
        union all select campaign_id, status, -1 from old_rows where campaign_id is not null) moved
      group by 1, 2 having sum(n) <> 0;
  end if;
  return null;
end $$;
create trigger count_inserted after insert on public.whatsapp_messages
  referencing new table as new_rows for each statement execute function public.count_campaign_messages();
create trigger count_updated after update on public.whatsapp_messages
  referencing old table as old_rows new table as new_rows for each statement execute function public.count_campaign_messages();

create function public.count_campaign_recipients() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    insert into public.campaign_totals (campaign_id, status, n)
      select campaign_id, status, count(*) from new_rows group by 1, 2;
  elsif tg_op = 'DELETE' then
    insert into public.campaign_totals (campaign_id, status, n)
      select o.campaign_id, o.status, -count(*) from old_rows o
      where o.status <> 'released' and exists (select 1 from public.campaigns c where c.id = o.campaign_id) group by 1, 2;
  else
    insert into public.campaign_totals (campaign_id, status, n)
      select campaign_id, status, sum(n) from (
        select campaign_id, status, 1 as n from new_rows where status <> 'released'
        union all select campaign_id, status, -1 from old_rows where status <> 'released') moved
      group by 1, 2 having sum(n) <> 0;
  end if;
  return null;
end $$;
create trigger count_inserted after insert on public.campaign_recipients
  referencing new table as new_rows for each statement execute function public.count_campaign_recipients();
create trigger count_updated after update on public.campaign_recipients
  referencing old table as old_rows new table as new_rows for each statement execute function public.count_campaign_recipients();
create trigger count_deleted after delete on public.campaign_recipients
  referencing old table as old_rows for each statement execute function public.count_campaign_recipients();

-- The totals of a campaign in the shape of the API: every line received is in exactly one of the other places.
create function public.campaign_totals_json(p_campaign uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_object_agg(places.place, coalesce(sums.n, 0))
  from unnest(array['received', 'invalid', 'duplicate', 'suppressed', 'planned', 'scheduled', 'held', 'queued', 'sending', 'unknown',
    'sent', 'delivered', 'read', 'played', 'failed', 'canceled', 'expired']) as places (place)
  left join (select t.status, sum(t.n) as n from public.campaign_totals t where t.campaign_id = p_campaign group by t.status) sums on sums.status = places.place);
end $$;

-- Lines that still have a way to go before everything sendable has left or ended.
create function public.campaign_open(p_totals jsonb) returns bigint
language plpgsql immutable set search_path = '' as $$
begin
  return (p_totals->>'planned')::bigint + (p_totals->>'scheduled')::bigint + (p_totals->>'held')::bigint
    + (p_totals->>'queued')::bigint + (p_totals->>'sending')::bigint + (p_totals->>'unknown')::bigint;
end $$;

create function public.campaign_json(c public.campaigns) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_build_object(
    'id', c.id, 'name', c.name, 'category', c.category,
    'content', jsonb_build_object('type', c.content->>'type', 'text', c.content->'text'),
    'sessions', to_jsonb(c.session_ids), 'status', c.status, 'status_reason', c.status_reason, 'totals', t.totals,
    'accepted', (t.totals->>'received')::bigint - (t.totals->>'invalid')::bigint - (t.totals->>'duplicate')::bigint - (t.totals->>'suppressed')::bigint,
    'rate_per_minute', case when c.status = 'running' then round(c.rate_per_minute, 1) end,
    'eta', case when c.status = 'running' and c.rate_per_minute > 0
      then public.iso(clock_timestamp() + (public.campaign_open(t.totals) / c.rate_per_minute) * interval '1 minute') end,
    'default_region', c.default_region, 'ttl', c.ttl_s, 'on_unknown', c.on_unknown, 'metadata', c.metadata,
    'created_at', public.iso(c.created_at), 'started_at', public.iso(c.started_at), 'finished_at', public.iso(c.finished_at), 'revision', c.revision)
  from (select public.campaign_totals_json(c.id) as totals) t);
end $$;

create function public.campaign_event(c public.campaigns, p_type text, p_data jsonb, p_request_id text) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_build_object('tenant_id', c.tenant_id, 'type', p_type, 'session', null, 'subject', c.id, 'request_id', p_request_id,
    'data', jsonb_build_object('campaign_id', c.id) || p_data);
end $$;

-- p: {id, name, category, content, sessions: [ref], default_region, ttl_s, on_unknown, metadata, idempotency, request_id}.
-- Returns {campaign, heads} or {problem: unknown_session, sessions: [ref] | idempotency_key_reused}.
create function public.create_campaign(p_tenant uuid, p jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_answer jsonb := public.begin_idempotent(p_tenant, p->'idempotency');
  v_missing jsonb;
  v_sessions uuid[];
  v_campaign public.campaigns;
begin
  if v_answer is not null then return v_answer; end if;
  select array_agg(distinct s.id), jsonb_agg(r.ref) filter (where s.id is null) into v_sessions, v_missing
    from jsonb_array_elements_text(p->'sessions') as r (ref)
    left join public.whatsapp_sessions s on s.tenant_id = p_tenant and s.deleted_at is null and (s.id::text = r.ref or s.name = r.ref);
  if v_missing is not null then
    return public.finish_idempotent(p_tenant, p->'idempotency', jsonb_build_object('problem', 'unknown_session', 'sessions', v_missing));
  end if;
  insert into public.campaigns (id, tenant_id, name, category, content, session_ids, default_region, ttl_s, on_unknown, metadata)
    values ((p->>'id')::uuid, p_tenant, p->>'name', p->>'category', p->'content', v_sessions, p->>'default_region', (p->>'ttl_s')::int,
            p->>'on_unknown', coalesce(p->'metadata', '{}'))
    returning * into v_campaign;
  return public.finish_idempotent(p_tenant, p->'idempotency', jsonb_build_object('campaign', public.campaign_json(v_campaign),
    'heads', public.append_events(jsonb_build_array(public.campaign_event(v_campaign, 'campaign.created', jsonb_build_object('name', v_campaign.name), p->>'request_id')))));
end $$;

-- Opens a part for upload. `p_part` null means the next one. A part that broke off is emptied first, so that sending it again counts exactly.
-- Returns {part, upload, complete, digest, result} or {problem: not_found | state_conflict}. A complete part is left as it is, and can be asked for
-- at any time: sending it again gives the same result.
create function public.open_campaign_part(p_tenant uuid, p_campaign uuid, p_part int) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_campaign public.campaigns;
  v_part public.campaign_parts;
  v_upload uuid;
begin
  select * into v_campaign from public.campaigns where id = p_campaign and tenant_id = p_tenant for no key update;
  if v_campaign.id is null then return '{"problem": "not_found"}'; end if;
  if v_campaign.status <> 'draft' and not exists (select 1 from public.campaign_parts where campaign_id = p_campaign and part = p_part and status = 'complete') then
    return jsonb_build_object('problem', 'state_conflict', 'status', v_campaign.status);
  end if;
  p_part := coalesce(p_part, (select coalesce(max(part), 0) + 1 from public.campaign_parts where campaign_id = p_campaign));
  insert into public.campaign_parts (campaign_id, part, tenant_id) values (p_campaign, p_part, p_tenant) on conflict do nothing;
  select * into v_part from public.campaign_parts where campaign_id = p_campaign and part = p_part;
  if v_part.status = 'incomplete' and v_part.received > 0 then
    delete from public.campaign_recipients where campaign_id = p_campaign and part = p_part;
    delete from public.campaign_line_errors where campaign_id = p_campaign and part = p_part;
    insert into public.campaign_totals (campaign_id, status, n) values
      (p_campaign, 'received', -v_part.received), (p_campaign, 'duplicate', -v_part.duplicate), (p_campaign, 'invalid', -v_part.invalid);
    update public.campaign_parts set received = 0, accepted = 0, duplicate = 0, suppressed = 0, invalid = 0 where campaign_id = p_campaign and part = p_part;
  end if;
  update public.campaign_parts set upload = public.uuid_v7() where campaign_id = p_campaign and part = p_part and status = 'incomplete'
    returning upload into v_upload;
  return jsonb_build_object('part', p_part, 'upload', v_upload, 'complete', v_part.status = 'complete', 'digest', v_part.digest,
    'result', public.campaign_part_json(v_part), 'content', v_campaign.content, 'default_region', v_campaign.default_region);
end $$;

create function public.campaign_part_json(p public.campaign_parts) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_build_object('part', p.part, 'status', p.status, 'received', p.received, 'accepted', p.accepted, 'duplicate', p.duplicate, 'suppressed', p.suppressed,
    'invalid', p.invalid, 'errors_url', '/v1/campaigns/' || p.campaign_id || '/errors?part=' || p.part,
    'next_part', (select max(x.part) + 1 from public.campaign_parts x where x.campaign_id = p.campaign_id)));
end $$;

-- One chunk of a part: rows [{line, jid, phone, input, body, client_ref}], errors [{line, code, message, value}]. A person already in the campaign counts as duplicate
-- and is listed, and so is one who asked not to be written to. Returns the part's counts so far, or
-- {problem: not_found | state_conflict | part_conflict}. `p_upload` is what opening the part gave; null writes whoever has it open.
create function public.add_recipients(p_tenant uuid, p_campaign uuid, p_part int, p_rows jsonb, p_errors jsonb, p_upload uuid default null) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
declare
  v_campaign public.campaigns;
  v_rows int := jsonb_array_length(p_rows);
  v_errors int := jsonb_array_length(p_errors);
  v_accepted int;
  v_suppressed int;
  v_part public.campaign_parts;
begin
  select * into v_campaign from public.campaigns where id = p_campaign and tenant_id = p_tenant for no key update;
  if v_campaign.id is null then return '{"problem": "not_found"}'; end if;
  if v_campaign.status <> 'draft' then return jsonb_build_object('problem', 'state_conflict', 'status', v_campaign.status); end if;
  if not exists (select 1 from public.campaign_parts where campaign_id = p_campaign and part = p_part and status = 'incomplete'
      and (p_upload is null or upload = p_upload)) then return '{"problem": "part_conflict"}'; end if;
  with line as (
    select r.*, row_number() over (order by r.line) as n, exists (select 1 from public.suppressed_addresses v
        where v.tenant_id = p_tenant and v.jid = r.jid and (v.scope = 'all' or v_campaign.category = 'marketing')) as opted_out
      from jsonb_to_recordset(p_rows) as r (line int, jid text, phone text, input text, body text, client_ref text)
  ), stored as (
    insert into public.campaign_recipients (campaign_id, ordinal, tenant_id, part, jid, phone, input, body, client_ref, status, session_id)
      select p_campaign, v_campaign.next_ordinal + l.n - 1, p_tenant, p_part, l.jid, l.phone, l.input, l.body, l.client_ref,
        case when l.opted_out then 'suppressed' else 'planned' end,
        v_campaign.session_ids[1 + (v_campaign.next_ordinal + l.n) % cardinality(v_campaign.session_ids)]
      from line l order by l.n
      on conflict (campaign_id, jid) do nothing returning ordinal, status
  ), doubled as (
    insert into public.campaign_line_errors (campaign_id, part, line, tenant_id, code, message, value)
      select p_campaign, p_part, l.line, p_tenant, 'duplicate', 'This person is in the campaign already', left(l.input, 64)
      from line l where v_campaign.next_ordinal + l.n - 1 not in (select ordinal from stored)
      on conflict do nothing
  ), refused as (
    insert into public.campaign_line_errors (campaign_id, part, line, tenant_id, code, message, value)
      select p_campaign, p_part, l.line, p_tenant, 'opted_out', 'This person asked not to be written to', left(l.input, 64)
      from line l join stored s on s.ordinal = v_campaign.next_ordinal + l.n - 1 where s.status = 'suppressed'
      on conflict do nothing
  )
  select count(*) filter (where status = 'planned'), count(*) filter (where status = 'suppressed') into v_accepted, v_suppressed from stored;
  insert into public.campaign_line_errors (campaign_id, part, line, tenant_id, code, message, value)
    select p_campaign, p_part, e.line, p_tenant, e.code, e.message, e.value
    from jsonb_to_recordset(p_errors) as e (line int, code text, message text, value text) on conflict do nothing;
  update public.campaigns set next_ordinal = next_ordinal + v_rows where id = p_campaign;
  insert into public.campaign_totals (campaign_id, status, n) values
    (p_campaign, 'received', v_rows + v_errors), (p_campaign, 'duplicate', v_rows - v_accepted - v_suppressed), (p_campaign, 'invalid', v_errors);
  update public.campaign_parts set received = received + v_rows + v_errors, accepted = accepted + v_accepted,
    duplicate = duplicate + v_rows - v_accepted - v_suppressed, suppressed = suppressed + v_suppressed, invalid = invalid + v_errors
    where campaign_id = p_campaign and part = p_part returning * into v_part;
  return public.campaign_part_json(v_part);
end $$;

-- Everything of the part has arrived. {problem: part_conflict} when another upload has taken the part over.
create function public.close_campaign_part(p_tenant uuid, p_campaign uuid, p_part int, p_digest text, p_upload uuid default null) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_part public.campaign_parts;
begin
  update public.campaign_parts set status = 'complete', digest = p_digest
    where campaign_id = p_campaign and part = p_part and tenant_id = p_tenant and (p_upload is null or upload = p_upload) returning * into v_part;
  if v_part.part is null then return '{"problem": "part_conflict"}'; end if;
  return public.campaign_part_json(v_part);
end $$;

-- Drops a part and all it brought: the file was not a list of recipients.
create function public.drop_campaign_part(p_tenant uuid, p_campaign uuid, p_part int, p_upload uuid default null) returns void
language plpgsql set search_path = '' as $$
begin
  if p_upload is not null and not exists (select 1 from public.campaign_parts where campaign_id = p_campaign and part = p_part and upload = p_upload) then return; end if;
  perform public.open_campaign_part(p_tenant, p_campaign, p_part);
  delete from public.campaign_parts where campaign_id = p_campaign and part = p_part and tenant_id = p_tenant and status = 'incomplete';
end $$;

-- start, pause, resume or cancel. Idempotent. Returns {campaign, wakes, heads} or {problem: not_found | state_conflict | nothing_to_send | part_incomplete}.
create function public.control_campaign(p_tenant uuid, p_campaign uuid, p_request text, p_request_id text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_old public.campaigns;
  v_new public.campaigns;
  v_target text := case p_request when 'pause' then 'paused' when 'cancel' then 'canceled' else 'running' end;
  v_wakes jsonb;
begin
  select * into v_old from public.campaigns where id = p_campaign and tenant_id = p_tenant for no key update;
  if v_old.id is null then return '{"problem": "not_found"}'; end if;
  if v_old.status = v_target then return jsonb_build_object('campaign', public.campaign_json(v_old), 'wakes', '[]'::jsonb, 'heads', '{}'::jsonb); end if;
  if not (case p_request when 'start' then v_old.status in ('draft', 'ready') when 'pause' then v_old.status = 'running'
          when 'resume' then v_old.status = 'paused' else v_old.status in ('draft', 'ready', 'running', 'paused') end) then
    return jsonb_build_object('problem', 'state_conflict', 'status', v_old.status);
  end if;
  if p_request = 'start' then
    if exists (select 1 from public.campaign_parts where campaign_id = p_campaign and status = 'incomplete') then
      return jsonb_build_object('problem', 'part_incomplete',
        'parts', (select jsonb_agg(part order by part) from public.campaign_parts where campaign_id = p_campaign and status = 'incomplete'));
    end if;
    if not exists (select 1 from public.campaign_recipients where campaign_id = p_campaign and status = 'planned') then return '{"problem": "nothing_to_send"}'; end if;
  end if;
  update public.campaigns set status = v_target, status_reason = case when p_request in ('pause', 'cancel') then 'member' end,
    started_at = case when v_target = 'running' then coalesce(started_at, clock_timestamp()) else started_at end,
    finished_at = case when v_target = 'canceled' then clock_timestamp() end, rate_per_minute = null, progress_at = null, revision = revision + 1
    where id = p_campaign returning * into v_new;
  perform 1 from public.message_lanes l where l.lane = v_new.lane and l.session_id = any (v_new.session_ids) order by l.session_id for update;
  update public.message_lanes l set state = case v_target when 'running' then 'run' else v_target end, touched_at = clock_timestamp()
    where l.lane = v_new.lane and l.session_id = any (v_new.session_ids);
  if v_target = 'canceled' then
    update public.campaign_recipients set status = 'canceled' where campaign_id = p_campaign and status = 'planned';
    -- In order, as commits lock them.
    with open as (
      select id from public.whatsapp_messages where campaign_id = p_campaign and direction = 'out' and status in ('queued', 'held', 'scheduled')
        order by id for update
    )
    update public.whatsapp_messages m set status = 'canceled', status_reason = 'campaign', revision = revision + 1 from open o where m.id = o.id;
  end if;
  select coalesce(jsonb_agg(jsonb_build_object('session_id', s.id, 'shard', s.shard, 'lane', v_new.lane)), '[]') into v_wakes
    from public.whatsapp_sessions s where s.id = any (v_new.session_ids);
  return jsonb_build_object('campaign', public.campaign_json(v_new), 'wakes', v_wakes, 'heads', public.append_events(jsonb_build_array(
    public.campaign_event(v_new, 'campaign.status_changed', jsonb_build_object('previous', v_old.status, 'status', v_new.status,
      'reason', v_new.status_reason, 'revision', v_new.revision), p_request_id))));
end $$;

-- One turn of the planner: releases what fits into the window of each session, reports progress, closes the campaign when nothing is open.
-- Returns {status, wakes, heads, again_ms}: again_ms null means there is no more to do. A turn that finds the campaign in another's hands does nothing.
-- Its row is locked without its key: outcomes of its messages are counted with a reference to it, in the commits of all workers,
-- and those must not wait for a planner.
create function public.campaign_step(p_campaign uuid, p_window int) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_c public.campaigns;
  v_rows jsonb;
  v_wakes jsonb := '[]';
  v_events jsonb := '[]';
  v_totals jsonb;
  v_done numeric;
  v_rate numeric;
  v_seconds numeric;
  v_old text;
begin
  select * into v_c from public.campaigns where id = p_campaign for no key update skip locked;
  if v_c.id is null then return '{"status": "busy", "wakes": [], "heads": {}, "again_ms": 500}'; end if;
  if v_c.status not in ('running', 'completed', 'paused', 'canceled') then return jsonb_build_object('status', v_c.status, 'wakes', '[]'::jsonb, 'heads', '{}'::jsonb, 'again_ms', null); end if;

  if v_c.status = 'running' then
    with room as (
      select s.id as session_id, least(500, p_window - (select count(*) from (
          select 1 from public.whatsapp_messages m where m.session_id = s.id and m.lane = v_c.lane and m.direction = 'out' and m.status in ('queued', 'held') limit p_window) w)) as n
        from unnest(v_c.session_ids) as s (id)
    ), picked as (
      select r.*, public.uuid_v7() as new_id, exists (select 1 from public.suppressed_addresses v where v.tenant_id = v_c.tenant_id and v.jid = r.jid
          and (v.scope = 'all' or v_c.category = 'marketing')) as opted_out from room cross join lateral (
        select * from public.campaign_recipients x where x.campaign_id = p_campaign and x.session_id = room.session_id and x.status = 'planned'
          order by x.ordinal limit greatest(room.n, 0)) r
    ), released as (
      update public.campaign_recipients x set status = case when p.opted_out then 'suppressed' else 'released' end,
          message_id = case when not p.opted_out then p.new_id end
        from picked p where x.campaign_id = p_campaign and x.ordinal = p.ordinal and x.status = 'planned'
        returning x.status, x.ordinal, x.session_id, x.jid, x.phone, x.input, x.body, x.client_ref, x.message_id
    )
    select jsonb_agg(jsonb_build_object('id', r.message_id, 'session_id', r.session_id, 'jid', r.jid, 'phone', r.phone, 'input', r.input, 'lane', v_c.lane,
        'campaign_id', p_campaign, 'type', 'text', 'content', jsonb_build_object('body', r.body), 'category', v_c.category,
        'client_ref', r.client_ref, 'ttl_s', v_c.ttl_s, 'on_unknown', v_c.on_unknown, 'metadata', v_c.metadata) order by r.ordinal)
      into v_rows from released r where r.status = 'released';
    if v_rows is not null then v_wakes := public.store_outbound(v_c.tenant_id, v_rows); end if;
  end if;

  v_totals := public.campaign_totals_json(p_campaign);
  v_done := (v_totals->>'sent')::numeric + (v_totals->>'delivered')::numeric + (v_totals->>'read')::numeric + (v_totals->>'played')::numeric
    + (v_totals->>'failed')::numeric + (v_totals->>'expired')::numeric;
  if v_c.progress is distinct from v_totals then
    v_seconds := extract(epoch from v_now - v_c.progress_at);
    v_rate := case when v_seconds > 0 and v_c.progress is not null then
      greatest(0, v_done - (v_c.progress->>'sent')::numeric - (v_c.progress->>'delivered')::numeric - (v_c.progress->>'read')::numeric
        - (v_c.progress->>'played')::numeric - (v_c.progress->>'failed')::numeric - (v_c.progress->>'expired')::numeric) * 60 / v_seconds end;
    v_c.rate_per_minute := coalesce(0.7 * v_c.rate_per_minute + 0.3 * v_rate, v_rate, v_c.rate_per_minute);
    update public.campaigns set progress = v_totals, progress_at = v_now, rate_per_minute = v_c.rate_per_minute where id = p_campaign;
    v_events := v_events || jsonb_build_array(public.campaign_event(v_c, 'campaign.progressed', jsonb_build_object('totals', v_totals,
      'rate_per_minute', case when v_c.status = 'running' then round(v_c.rate_per_minute, 1) end,
      'eta', case when v_c.status = 'running' and v_c.rate_per_minute > 0 then public.iso(v_now + (public.campaign_open(v_totals) / v_c.rate_per_minute) * interval '1 minute') end), null));
  end if;

  if v_c.status = 'running' and public.campaign_open(v_totals) = 0 then
    v_old := v_c.status;
    update public.campaigns set status = 'completed', finished_at = v_now, revision = revision + 1 where id = p_campaign returning * into v_c;
    v_events := v_events
      || jsonb_build_array(public.campaign_event(v_c, 'campaign.status_changed', jsonb_build_object('previous', v_old, 'status', 'completed', 'reason', null, 'revision', v_c.revision), null))
      || jsonb_build_array(public.campaign_event(v_c, 'campaign.completed', jsonb_build_object('totals', v_totals,
           'duration_s', round(extract(epoch from v_now - v_c.started_at), 1)), null));
  end if;
  return jsonb_build_object('status', v_c.status, 'wakes', v_wakes, 'heads', public.append_events(v_events),
    'again_ms', case when v_c.status = 'running' then 500
                     -- Receipts move the totals after the end; upkeep looks again later still.
                     when v_now - coalesce(v_c.progress_at, v_now) < interval '60 seconds' and v_c.status in ('completed', 'paused') then 1000 end);
end $$;

do $$ declare f regprocedure; begin
  for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'public'::regnamespace
    and p.proname in ('count_campaign_messages', 'count_campaign_recipients', 'campaign_totals_json', 'campaign_open', 'campaign_json', 'campaign_event',
      'create_campaign', 'open_campaign_part', 'campaign_part_json', 'add_recipients', 'close_campaign_part', 'drop_campaign_part', 'control_campaign', 'campaign_step') loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
    execute format('grant execute on function %s to service_role', f);
  end loop;
end $$;
do $$ declare t text; begin
  foreach t in array array['campaigns', 'campaign_parts', 'campaign_recipients', 'campaign_line_errors', 'campaign_totals'] loop
    execute format('alter table public.%I enable row level security', t);
    execute format('alter table public.%I force row level security', t);
    execute format('revoke all on public.%I from anon, authenticated', t);
    execute format('grant select, insert, update, delete on public.%I to service_role', t);
  end loop;
  foreach t in array array['campaigns', 'campaign_parts', 'campaign_recipients', 'campaign_line_errors'] loop
    execute format('grant select on public.%I to authenticated', t);
    execute format('create policy of_my_tenants on public.%I for select to authenticated using (tenant_id in (select public.my_tenants()))', t);
  end loop;
end $$;
