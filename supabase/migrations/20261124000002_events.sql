-- The event log: what a person could see, in commit order, one dense sequence for each tenant.

create table public.tenant_events (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  sequence bigint not null,
  id uuid not null default public.uuid_v7(),
  type text not null,
  time timestamptz not null default clock_timestamp(),
  session jsonb,
  subject text not null,
  request_id text,
  lease_epoch bigint,
  data jsonb not null,
  primary key (tenant_id, sequence)
);
create index tenant_events_time on public.tenant_events (time);

-- Appends events [{tenant_id, type, session, subject, request_id, lease_epoch, data}] in array order, in the caller's
-- transaction. Heads are locked in tenant order and last of all, so writers never wait for each other in a circle.
-- Returns {tenant_id: head} after the append.
create function public.append_events(p_events jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_heads jsonb;
begin
  if p_events is null or jsonb_array_length(p_events) = 0 then return '{}'; end if;
  perform 1 from public.tenant_event_heads h
    where h.tenant_id in (select (e->>'tenant_id')::uuid from jsonb_array_elements(p_events) e)
    order by h.tenant_id for update;
  insert into public.tenant_events (tenant_id, sequence, type, session, subject, request_id, lease_epoch, data)
    select h.tenant_id, h.head + row_number() over (partition by h.tenant_id order by e.position),
           e.event->>'type', nullif(e.event->'session', 'null'::jsonb), e.event->>'subject', e.event->>'request_id',
           (e.event->>'lease_epoch')::bigint, coalesce(e.event->'data', '{}')
    from jsonb_array_elements(p_events) with ordinality as e (event, position)
    join public.tenant_event_heads h on h.tenant_id = (e.event->>'tenant_id')::uuid;
  with counted as (
    select (e->>'tenant_id')::uuid as tenant_id, count(*) as n from jsonb_array_elements(p_events) e group by 1
  ), moved as (
    update public.tenant_event_heads h set head = h.head + c.n from counted c where h.tenant_id = c.tenant_id
    returning h.tenant_id, h.head
  )
  select coalesce(jsonb_object_agg(tenant_id, head), '{}') into v_heads from moved;
  return v_heads;
end $$;

-- Events of one tenant after a sequence, oldest first, in the contract's envelope.
create function public.read_events(p_tenant uuid, p_after bigint, p_limit int) returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
begin
  return (select jsonb_build_object(
    'log_id', h.log_id, 'head', h.head,
    'oldest', coalesce((select e.sequence from public.tenant_events e where e.tenant_id = p_tenant order by e.sequence limit 1), h.head + 1),
    'events', coalesce((
      select jsonb_agg(jsonb_build_object(
        'id', e.id, 'type', e.type, 'schema', e.type || '.v1', 'time', public.iso(e.time), 'tenant', e.tenant_id,
        'sequence', e.sequence, 'log_id', h.log_id, 'lease_epoch', e.lease_epoch, 'session', e.session,
        'subject', e.subject, 'request_id', e.request_id, 'data', e.data) order by e.sequence)
      from (select * from public.tenant_events e where e.tenant_id = p_tenant and e.sequence > p_after
            order by e.sequence limit least(greatest(p_limit, 1), 1000)) e), '[]'))
  from public.tenant_event_heads h where h.tenant_id = p_tenant);
end $$;

-- Where the logs of several tenants stand, in one call.
create function public.read_heads(p_tenants uuid[]) returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object('tenant_id', h.tenant_id, 'log_id', h.log_id, 'head', h.head)), '[]')
  from public.tenant_event_heads h where h.tenant_id = any (p_tenants));
end $$;

revoke all on function public.append_events(jsonb), public.read_events(uuid, bigint, int), public.read_heads(uuid[]) from public, anon, authenticated;
grant execute on function public.append_events(jsonb), public.read_events(uuid, bigint, int), public.read_heads(uuid[]) to service_role;

alter table public.tenant_events enable row level security;
alter table public.tenant_events force row level security;
revoke all on public.tenant_events from anon, authenticated;
grant select on public.tenant_events to authenticated;
grant select, insert, update, delete on public.tenant_events to service_role;
create policy events_of_my_tenants on public.tenant_events for select to authenticated using (tenant_id in (select public.my_tenants()));
