-- What explains: who operates the installation, who held which shard when, which workers there were, and every step of
-- every message. Written by triggers in the transaction of the change, so it cannot disagree with what happened.

-- Operators of the installation: a flag of a person, of no tenant and no role.
create table public.operators (
  user_id uuid primary key references auth.users (id) on delete cascade,
  created_at timestamptz not null default now()
);

-- Makes a member an operator, or takes that back. Returns whether there is such a member.
create function public.set_operator(p_email text, p_operator boolean) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_user uuid;
begin
  select id into v_user from auth.users where lower(email) = lower(p_email);
  if v_user is null then return false; end if;
  if p_operator then insert into public.operators (user_id) values (v_user) on conflict do nothing;
  else delete from public.operators where user_id = v_user; end if;
  return true;
end $$;

-- Each tenure of a shard: from the claim that raised the epoch to its end. `reason`: drained (an operator asked),
-- left (the worker was stopped in order), rebalanced (moved by plan), expired (its lease ended without a goodbye).
create table public.lease_history (
  shard smallint not null,
  epoch bigint not null,
  worker_id text not null,
  since timestamptz not null,
  left_at timestamptz,
  reason text check (reason in ('drained', 'left', 'rebalanced', 'expired')),
  primary key (shard, epoch)
);
create index lease_history_since on public.lease_history (since);
create index lease_history_left on public.lease_history (left_at) where left_at is not null;

create function public.note_lease() returns trigger
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  if old.owner is not null then
    update public.lease_history h set left_at = v_now, reason = case
        when new.owner is null and not new.clean then 'expired'
        when w.draining and w.drain_asked_at is not null then 'drained'
        when w.draining then 'left' else 'rebalanced' end
      from (select 1) one left join public.workers w on w.id = old.owner
      where h.shard = old.shard and h.epoch = old.epoch;
  end if;
  if new.owner is not null then
    insert into public.lease_history (shard, epoch, worker_id, since) values (new.shard, new.epoch, new.owner, v_now) on conflict do nothing;
  end if;
  return null;
end $$;
create trigger note_lease after update on public.shards
  for each row when (old.owner is distinct from new.owner) execute function public.note_lease();

-- Workers that are no more, for a week: what they were when they were seen last.
create table public.departed_workers (
  id text primary key,
  host text,
  version text,
  started_at timestamptz not null,
  heartbeat_at timestamptz not null,
  left_at timestamptz not null,
  capacity int not null,
  rss_bytes bigint,
  loop_lag_ms real
);
create index departed_workers_left on public.departed_workers (left_at);

create function public.note_departure() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into public.departed_workers (id, host, version, started_at, heartbeat_at, left_at, capacity, rss_bytes, loop_lag_ms)
    values (old.id, old.host, old.version, old.started_at, old.heartbeat_at, least(clock_timestamp(), old.expires_at), old.capacity, old.rss_bytes, old.loop_lag_ms)
    on conflict (id) do update set heartbeat_at = excluded.heartbeat_at, left_at = excluded.left_at, version = excluded.version,
      capacity = excluded.capacity, rss_bytes = excluded.rss_bytes, loop_lag_ms = excluded.loop_lag_ms;
  return null;
end $$;
create trigger note_departure after delete on public.workers for each row execute function public.note_departure();

-- Steps of messages, by weeks so that old ones go as whole tables. Which worker an epoch was stands in lease_history.
-- Being accepted is no row: the message carries it.
create table public.message_timeline (
  message_id uuid not null,
  revision bigint not null,
  at timestamptz not null,
  status text not null,
  previous text,
  reason text,
  epoch bigint,
  attempt int not null,
  release_at timestamptz
) partition by range (at);
create index message_timeline_message on public.message_timeline (message_id, revision);
create table partitions.message_timeline_rest partition of public.message_timeline default;
alter table partitions.message_timeline_rest enable row level security;
alter table partitions.message_timeline_rest force row level security;

-- A definer, because making and dropping tables takes more than a service may do.
-- Makes the weeks around now and drops those that ended more than 30 days ago. Where a table is busy, the next pass tries again.
create function public.roll_timeline_partitions() returns void
language plpgsql security definer set search_path = '' set lock_timeout = '500ms' as $$
declare
  v_week timestamp;
  v_this timestamp := date_trunc('week', now() at time zone 'utc');
  v_name text;
begin
  for v_week in select generate_series(v_this - interval '1 week', v_this + interval '2 weeks', interval '1 week') loop
    v_name := 'message_timeline_' || to_char(v_week, 'IYYYIW');
    if to_regclass('partitions.' || v_name) is null then
      execute format('create table partitions.%I partition of public.message_timeline for values from (%L) to (%L)',
        v_name, v_week at time zone 'utc', (v_week + interval '1 week') at time zone 'utc');
      execute format('alter table partitions.%I enable row level security', v_name);
      execute format('alter table partitions.%I force row level security', v_name);
    end if;
  end loop;
  for v_name in select c.relname from pg_catalog.pg_class c where c.relnamespace = 'partitions'::regnamespace and c.relkind = 'r'
      and c.relname ~ '^message_timeline_[0-9]{6}$' and to_date(right(c.relname, 6), 'IYYYIW') < (v_this - interval '5 weeks')::date loop
    execute format('drop table partitions.%I', v_name);
  end loop;
exception when lock_not_available then null;
end $$;
select public.roll_timeline_partitions();

create function public.note_stored_messages() returns trigger
language plpgsql set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
begin
  insert into public.message_timeline (message_id, revision, at, status, reason, attempt, release_at)
    select n.id, n.revision, n.accepted_at, n.status, n.status_reason, n.attempts, n.not_before
    from new_rows n where n.direction = 'out' and n.status <> 'queued';
  return null;
end $$;

create function public.note_moved_messages() returns trigger
language plpgsql set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  insert into public.message_timeline (message_id, revision, at, status, previous, reason, epoch, attempt, release_at)
    select n.id, n.revision, v_now, n.status, o.status, n.status_reason, n.owner_epoch, n.attempts, n.not_before
    from new_rows n join old_rows o on o.id = n.id
    where n.status <> o.status or n.attempts <> o.attempts or n.status_reason is distinct from o.status_reason;
  return null;
end $$;
create trigger timeline_stored after insert on public.whatsapp_messages
  referencing new table as new_rows for each statement execute function public.note_stored_messages();
create trigger timeline_moved after update on public.whatsapp_messages
  referencing old table as old_rows new table as new_rows for each statement execute function public.note_moved_messages();

-- What is known of one message: itself, its steps in order, and the tenures of its shard from the first claim on.
create function public.message_history(p_tenant uuid, p_message uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_message public.whatsapp_messages;
  v_shard smallint;
  v_first bigint;
begin
  select * into v_message from public.whatsapp_messages where id = p_message and tenant_id = p_tenant;
  if v_message.id is null then return null; end if;
  select s.shard into v_shard from public.whatsapp_sessions s where s.id = v_message.session_id;
  select min(t.epoch) into v_first from public.message_timeline t where t.message_id = p_message;
  return jsonb_build_object(
    'message', public.message_json(v_message),
    'steps', (select coalesce(jsonb_agg(jsonb_build_object('at', public.iso(t.at), 'status', t.status, 'previous', t.previous, 'reason', t.reason,
        'lease_epoch', t.epoch, 'attempt', t.attempt, 'release_at', public.iso(t.release_at)) order by t.revision, t.at), '[]')
      from (select * from public.message_timeline where message_id = p_message order by revision, at limit 500) t),
    'leases', (select coalesce(jsonb_agg(jsonb_build_object('lease_epoch', h.epoch, 'worker_id', h.worker_id, 'since', public.iso(h.since),
        'left_at', public.iso(h.left_at), 'reason', h.reason) order by h.epoch), '[]')
      from (select * from public.lease_history h where h.shard = v_shard and h.epoch >= v_first order by h.epoch limit 500) h));
end $$;

-- A worker in the shape of the API. A worker that has just come and has been given nothing yet is `joining`.
create function public.worker_json(w public.workers) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_build_object('id', w.id, 'host', w.host, 'version', w.version, 'started_at', public.iso(w.started_at),
    'state', case when w.expires_at <= clock_timestamp() then 'gone' when w.draining then 'draining'
                  when count(h.shard) = 0 and not exists (select 1 from public.lease_history l where l.worker_id = w.id and l.since >= w.joined_at) then 'joining'
                  else 'ready' end,
    'shards', count(h.shard), 'sessions', coalesce(sum(n.sessions), 0), 'capacity', w.capacity,
    'rss_bytes', w.rss_bytes, 'loop_lag_ms', w.loop_lag_ms, 'heartbeat_at', public.iso(w.heartbeat_at))
  from public.shards h
  left join lateral (select count(*) as sessions from public.whatsapp_sessions s where s.shard = h.shard and s.desired = 'running') n on true
  where h.owner = w.id);
end $$;

create function public.departed_worker_json(d public.departed_workers) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('id', d.id, 'host', d.host, 'version', d.version, 'started_at', public.iso(d.started_at), 'state', 'gone',
    'shards', 0, 'sessions', 0, 'capacity', d.capacity, 'rss_bytes', d.rss_bytes, 'loop_lag_ms', d.loop_lag_ms, 'heartbeat_at', public.iso(d.heartbeat_at));
end $$;

-- The fleet as it is, oldest worker first, and after it those that went within the last hour (50 at most), latest first.
create function public.list_workers() returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(public.worker_json(w) order by w.started_at, w.id), '[]') from public.workers w)
    || (select coalesce(jsonb_agg(public.departed_worker_json(d) order by d.left_at desc), '[]')
        from (select * from public.departed_workers d where d.left_at > now() - interval '1 hour'
          and not exists (select 1 from public.workers w where w.id = d.id) order by d.left_at desc limit 50) d);
end $$;

-- One worker, also one that is gone, for a week; null when there was none.
create function public.get_worker(p_worker text) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return coalesce((select public.worker_json(w) from public.workers w where w.id = p_worker),
    (select public.departed_worker_json(d) from public.departed_workers d where d.id = p_worker));
end $$;

-- Asks a worker to hand everything over and take nothing new, or (p_drain false) to take part again. Idempotent.
-- Returns {worker} or {problem: not_found | state_conflict}.
create function public.drain_worker(p_worker text, p_drain boolean) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_row public.workers;
begin
  update public.workers set draining = p_drain, drain_asked_at = case when p_drain then coalesce(drain_asked_at, clock_timestamp()) end
    where id = p_worker and expires_at > clock_timestamp() returning * into v_row;
  if v_row.id is not null then return jsonb_build_object('worker', public.worker_json(v_row)); end if;
  if public.get_worker(p_worker) is null then return '{"problem": "not_found"}'; end if;
  return '{"problem": "state_conflict", "status": "gone"}';
end $$;

-- Which worker holds which shard with how many running sessions by status, and the latest moves, newest first.
create function public.fleet_map() returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object(
    'shards', (select coalesce(jsonb_agg(jsonb_build_object('shard', h.shard, 'worker_id', h.owner, 'lease_epoch', h.epoch,
        'since', public.iso(case when h.owner is null then l.left_at else l.since end), 'sessions', coalesce(n.by_status, '{}')) order by h.shard), '[]')
      from public.shards h
      left join public.lease_history l on l.shard = h.shard and l.epoch = h.epoch
      left join (select x.shard, jsonb_object_agg(x.status, x.n) as by_status
        from (select s.shard, s.status, count(*) as n from public.whatsapp_sessions s where s.desired = 'running' group by 1, 2) x group by 1) n on n.shard = h.shard),
    'moves', (select coalesce(jsonb_agg(jsonb_build_object('shard', m.shard, 'at', public.iso(m.since), 'to', m.worker_id, 'from', p.worker_id, 'reason', p.reason)
        order by m.since desc, m.shard), '[]')
      from (select * from public.lease_history order by since desc limit 100) m
      left join lateral (select * from public.lease_history p where p.shard = m.shard and p.epoch < m.epoch order by p.epoch desc limit 1) p on true));
end $$;

-- Where a session runs and has run; null when there is no such session.
create function public.session_placement(p_tenant uuid, p_ref text) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_build_object('worker_id', h.owner, 'shard', h.shard, 'lease_epoch', h.epoch,
      'since', (select public.iso(l.since) from public.lease_history l where l.shard = h.shard and l.epoch = h.epoch and h.owner is not null),
      'previous', (select coalesce(jsonb_agg(jsonb_build_object('worker_id', p.worker_id, 'left_at', public.iso(p.left_at), 'reason', p.reason) order by p.epoch desc), '[]')
        from (select * from public.lease_history l where l.shard = h.shard and l.left_at > s.created_at order by l.epoch desc limit 10) p))
  from public.whatsapp_sessions s join public.shards h on h.shard = s.shard
  where s.tenant_id = p_tenant and s.deleted_at is null and (s.id::text = p_ref or s.name = p_ref));
end $$;

-- Forgets what explained long ago; called by upkeep.
create function public.forget_history() returns void
language plpgsql set search_path = '' as $$
begin
  perform public.roll_timeline_partitions();
  delete from public.lease_history where (shard, epoch) in (
    select shard, epoch from public.lease_history where left_at < now() - interval '30 days' order by left_at limit 10000);
  delete from public.departed_workers where left_at < now() - interval '7 days';
end $$;

do $$ declare f regprocedure; begin
  for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'public'::regnamespace
    and p.proname in ('set_operator', 'note_lease', 'note_departure', 'roll_timeline_partitions', 'note_stored_messages', 'note_moved_messages',
      'message_history', 'worker_json', 'departed_worker_json', 'list_workers', 'get_worker', 'drain_worker', 'fleet_map', 'session_placement', 'forget_history') loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
    execute format('grant execute on function %s to service_role', f);
  end loop;
end $$;

do $$ declare t text; begin
  foreach t in array array['operators', 'lease_history', 'departed_workers', 'message_timeline'] loop
    execute format('alter table public.%I enable row level security', t);
    execute format('alter table public.%I force row level security', t);
    execute format('revoke all on public.%I from anon, authenticated', t);
    execute format('grant select, insert, update, delete on public.%I to service_role', t);
  end loop;
end $$;
