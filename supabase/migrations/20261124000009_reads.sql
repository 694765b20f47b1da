-- What screens read: pages with the place in the event log they were read at, so that live events continue them without a gap.
-- Each is STABLE and one statement for its caller: rows and log position come from one snapshot.

create function public.log_position(p_tenant uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_build_object('sequence', h.head, 'log_id', h.log_id) from public.tenant_event_heads h where h.tenant_id = p_tenant);
end $$;

-- A page from rows [{key, value}] of which one more than the limit was read.
create function public.page_json(p_tenant uuid, p_rows jsonb, p_limit int) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'data', coalesce((select jsonb_agg(e->'value' order by n) from jsonb_array_elements(p_rows) with ordinality as r (e, n) where n <= p_limit), '[]'),
    'last_key', case when jsonb_array_length(p_rows) > p_limit then p_rows->(p_limit - 1)->'key' end,
    'has_more', jsonb_array_length(p_rows) > p_limit) || public.log_position(p_tenant)
$$;

-- p: {limit, before?: id, status?, desired?, q?}. Newest first.
create function public.list_sessions(p_tenant uuid, p jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select public.page_json(p_tenant, coalesce(jsonb_agg(jsonb_build_object('key', s.id, 'value', public.session_json(s)) order by s.id desc), '[]'), (p->>'limit')::int)
  from (select * from public.whatsapp_sessions s
    where s.tenant_id = p_tenant and s.deleted_at is null
      and (p->>'before' is null or s.id < (p->>'before')::uuid)
      and (p->>'status' is null or s.status = p->>'status')
      and (p->>'desired' is null or s.desired = p->>'desired')
      and (p->>'q' is null or strpos(lower(concat_ws(' ', s.name, s.display_name, s.phone)), lower(p->>'q')) > 0)
    order by s.id desc limit (p->>'limit')::int + 1) s
$$;

create function public.get_session(p_tenant uuid, p_ref text) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_build_object('session', public.session_json(s), 'shard', s.shard)
  from public.whatsapp_sessions s where s.tenant_id = p_tenant and s.deleted_at is null and (s.id::text = p_ref or s.name = p_ref));
end $$;

-- p: {limit, before?: id, session?, chat?, campaign?, batch?, direction?, status?, client_ref?, wa_message_id?}. Newest first.
create function public.list_messages(p_tenant uuid, p jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select public.page_json(p_tenant, coalesce(jsonb_agg(jsonb_build_object('key', m.id, 'value', public.message_json(m)) order by m.id desc), '[]'), (p->>'limit')::int)
  from (select * from public.whatsapp_messages m
    where m.tenant_id = p_tenant
      and (p->>'before' is null or m.id < (p->>'before')::uuid)
      and (p->>'session' is null or m.session_id = (select s.id from public.whatsapp_sessions s where s.tenant_id = p_tenant and s.deleted_at is null and (s.id::text = p->>'session' or s.name = p->>'session')))
      and (p->>'chat' is null or m.chat_id = (p->>'chat')::uuid)
      and (p->>'campaign' is null or m.campaign_id = (p->>'campaign')::uuid)
      and (p->>'batch' is null or m.batch_id = (p->>'batch')::uuid)
      and (p->>'direction' is null or m.direction = p->>'direction')
      and (p->>'status' is null or m.status = p->>'status')
      and (p->>'client_ref' is null or m.client_ref = p->>'client_ref')
      and (p->>'wa_message_id' is null or m.wa_message_id = p->>'wa_message_id')
    order by m.id desc limit (p->>'limit')::int + 1) m
$$;

create function public.get_message(p_tenant uuid, p_message uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select public.message_json(m) from public.whatsapp_messages m where m.id = p_message and m.tenant_id = p_tenant);
end $$;

create function public.chat_json(c public.chats) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_build_object('id', c.id, 'session_id', c.session_id, 'kind', 'direct',
    'party', (select public.party_json(p, c.jid, null) from public.contacts p where p.id = c.contact_id), 'unread', c.unread,
    'last_message', (select public.message_json(m) from public.whatsapp_messages m where m.id = c.last_message_id),
    'last_message_at', public.iso(c.last_message_at),
    'suppressed', coalesce((select min(s.scope) from public.suppressions s where s.tenant_id = c.tenant_id and s.contact_id = c.contact_id), 'none')));
end $$;

-- p: {limit, before_at?: iso, before?: id, session?}. Latest activity first.
create function public.list_chats(p_tenant uuid, p jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select public.page_json(p_tenant, coalesce(jsonb_agg(jsonb_build_object('key', jsonb_build_object('at', to_jsonb(c.last_message_at), 'id', c.id), 'value', public.chat_json(c))
      order by c.last_message_at desc, c.id), '[]'), (p->>'limit')::int)
  from (select * from public.chats c
    where c.tenant_id = p_tenant
      and (p->>'before_at' is null or c.last_message_at < (p->>'before_at')::timestamptz or c.last_message_at = (p->>'before_at')::timestamptz and c.id > (p->>'before')::uuid)
      and (p->>'session' is null or c.session_id = (select s.id from public.whatsapp_sessions s where s.tenant_id = p_tenant and s.deleted_at is null and (s.id::text = p->>'session' or s.name = p->>'session')))
    order by c.last_message_at desc, c.id limit (p->>'limit')::int + 1) c
$$;

create function public.get_chat(p_tenant uuid, p_chat uuid) returns jsonb
language sql stable set search_path = '' as $$
  select public.chat_json(c) from public.chats c where c.id = p_chat and c.tenant_id = p_tenant
$$;

-- p: {limit, before?: id, status?}. Newest first.
create function public.list_campaigns(p_tenant uuid, p jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select public.page_json(p_tenant, coalesce(jsonb_agg(jsonb_build_object('key', c.id, 'value', public.campaign_json(c)) order by c.id desc), '[]'), (p->>'limit')::int)
  from (select * from public.campaigns c
    where c.tenant_id = p_tenant
      and (p->>'before' is null or c.id < (p->>'before')::uuid)
      and (p->>'status' is null or c.status = p->>'status')
    order by c.id desc limit (p->>'limit')::int + 1) c
$$;

create function public.get_campaign(p_tenant uuid, p_campaign uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select public.campaign_json(c) from public.campaigns c where c.id = p_campaign and c.tenant_id = p_tenant);
end $$;

-- Refused lines after (part, line), oldest first.
create function public.list_line_errors(p_tenant uuid, p_campaign uuid, p_part int, p_after_part int, p_after_line int, p_limit int) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('part', e.part, 'line', e.line, 'code', e.code, 'message', e.message, 'value', e.value) order by e.part, e.line), '[]')
  from (select * from public.campaign_line_errors e
    where e.campaign_id = p_campaign and e.tenant_id = p_tenant and (p_part is null or e.part = p_part) and (e.part, e.line) > (p_after_part, p_after_line)
    order by e.part, e.line limit p_limit) e
$$;

create function public.tenant_overview(p_tenant uuid) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'sessions', (select coalesce(jsonb_object_agg(status, n), '{}') from (
      select status, count(*) as n from public.whatsapp_sessions where tenant_id = p_tenant and deleted_at is null group by status) s),
    'messages', (select coalesce(jsonb_object_agg(direction || '.' || status, n), '{}') from (
      select direction, status, count(*) as n from public.whatsapp_messages
      where tenant_id = p_tenant and id >= public.uuid_floor(now() - interval '24 hours') group by 1, 2) m),
    'waiting', (select jsonb_build_object('queued', count(*), 'oldest_at', public.iso(min(accepted_at)))
      from public.whatsapp_messages where tenant_id = p_tenant and direction = 'out' and status in ('queued', 'held', 'scheduled', 'sending', 'unknown')
        and id >= public.uuid_floor(now() - interval '30 days'))) || public.log_position(p_tenant)
$$;

-- Whether something belongs to a tenant: asked by realtime at every join.
create function public.owns(p_tenant uuid, p_kind text, p_id uuid) returns boolean
language plpgsql stable set search_path = '' as $$
begin
  return (select case p_kind
    when 'session' then exists (select 1 from public.whatsapp_sessions where id = p_id and tenant_id = p_tenant and deleted_at is null)
    when 'chat' then exists (select 1 from public.chats where id = p_id and tenant_id = p_tenant)
    when 'campaign' then exists (select 1 from public.campaigns where id = p_id and tenant_id = p_tenant)
    else false end);
end $$;

-- One pass of housekeeping, safe to run anywhere at any time. Returns {campaigns: [id] that want a planner turn, expired,
-- journal_waiting: messages decrypted 10 s ago and not stored (null: another pass is running), heads}.
create function public.upkeep_pass() returns jsonb
language plpgsql set search_path = '' set statement_timeout = '20s' as $$
declare
  v_events jsonb;
  v_expired int;
  v_campaigns jsonb;
  v_inbound jsonb;
begin
  if not pg_try_advisory_xact_lock(hashtext('flotilla.upkeep')) then return '{"campaigns": [], "expired": 0, "journal_waiting": null, "heads": {}}'; end if;
  perform public.ensure_message_partitions(2);
  perform public.forget_history();
  with due as (
    select m.id, m.status as previous from public.whatsapp_messages m
      where m.direction = 'out' and m.status in ('queued', 'held', 'scheduled') and m.expires_at < now() limit 5000 for update skip locked
  ), gone as (
    update public.whatsapp_messages m set status = 'expired', status_reason = 'ttl', revision = revision + 1 from due d where m.id = d.id
      returning m as message, d.previous
  )
  select coalesce(jsonb_agg(public.message_event(g.message, g.previous, public.session_ref(s), null, clock_timestamp())), '[]'), count(*)
    into v_events, v_expired from gone g join public.whatsapp_sessions s on s.id = (g.message).session_id;
  -- A campaign that ended hears of late receipts here.
  select coalesce(jsonb_agg(c.id), '[]') into v_campaigns from public.campaigns c
    where c.status = 'running' or c.status in ('completed', 'paused', 'canceled') and c.progress is distinct from public.campaign_totals_json(c.id)
      and c.created_at > now() - interval '30 days';
  with crowded as (
    select campaign_id from public.campaign_totals group by campaign_id having count(*) > 200
  ), folded as (
    delete from public.campaign_totals t using crowded x where t.campaign_id = x.campaign_id returning t.campaign_id, t.status, t.n
  )
  insert into public.campaign_totals (campaign_id, status, n) select campaign_id, status, sum(n) from folded group by 1, 2;
  delete from public.tenant_events where (tenant_id, sequence) in (
    select tenant_id, sequence from public.tenant_events where time < now() - interval '7 days' limit 10000);
  delete from public.idempotency_keys where expires_at < now();
  update public.whatsapp_sessions set retired_auth_state = null, retired_at = null where retired_at < now() - interval '24 hours';
  delete from public.whatsapp_sessions where deleted_at < now() - interval '7 days' and not unlink;
  v_inbound := public.upkeep_inbound();
  return jsonb_build_object('campaigns', v_campaigns, 'expired', v_expired, 'journal_waiting', v_inbound->'waiting',
    'heads', public.append_events(v_events || (v_inbound->'events')));
end $$;

do $$ declare f regprocedure; begin
  for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'public'::regnamespace
    and p.proname in ('log_position', 'page_json', 'list_sessions', 'get_session', 'list_messages', 'get_message', 'chat_json', 'list_chats', 'get_chat',
      'list_campaigns', 'get_campaign', 'list_line_errors', 'tenant_overview', 'owns', 'upkeep_pass') loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
    execute format('grant execute on function %s to service_role', f);
  end loop;
end $$;
