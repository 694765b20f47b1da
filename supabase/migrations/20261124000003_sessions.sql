-- Sessions (linked WhatsApp accounts), their secrets, and the shards and workers that run them.

-- Installation facts, fixed once: a process configured otherwise refuses to start.
create table public.installation (
  singleton boolean primary key default true check (singleton),
  shard_count smallint not null default 128 check (shard_count between 1 and 1024),
  -- Set where one machine is the whole installation: whoever signs up first operates it.
  first_member_operates boolean not null default false
);
insert into public.installation default values;

-- A lease is a row here: the owner holds it while its row in `workers` has not expired. The row itself has no time, so
-- that a heartbeat never waits for a commit that holds it FOR SHARE.
create table public.shards (
  shard smallint primary key,
  owner text,
  epoch bigint not null default 0,
  weight int not null default 0,
  clean boolean not null default true,
  -- The worker that shall have it when it is free, as an operator wished.
  prefer text,
  claimed_at timestamptz
) with (fillfactor = 50);
insert into public.shards (shard) select generate_series(0, 127);

create table public.workers (
  id text primary key,
  expires_at timestamptz not null,
  started_at timestamptz not null default clock_timestamp(),
  -- When it came, or came back after its lease had ended.
  joined_at timestamptz not null,
  heartbeat_at timestamptz not null default clock_timestamp(),
  draining boolean not null default false,
  -- Set when an operator asked for the drain; a worker that is being stopped asks for it itself.
  drain_asked_at timestamptz,
  -- False: it cannot reach WhatsApp while others can, and is to be given nothing.
  accepting boolean not null default true,
  -- Sessions logged in at WhatsApp.
  links int not null default 0,
  capacity int not null default 300 check (capacity > 0),
  loads jsonb not null default '{}',
  -- Sessions being dialled: while there are some, nothing more is moved here.
  opening int not null default 0,
  -- It has got its share since it joined; what moves from then on is drift.
  filled boolean not null default false,
  host text,
  version text,
  ops_port int,
  rss_bytes bigint,
  loop_lag_ms real
) with (fillfactor = 50);

create table public.whatsapp_sessions (
  id uuid primary key,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  name text not null check (name ~ '^[a-z0-9_-]{1,64}$'),
  display_name text,
  network text not null check (network in ('whatsapp', 'simulated')),
  shard smallint not null references public.shards (shard),
  desired text not null check (desired in ('running', 'stopped', 'deleted')),
  -- Grows with each request of a person; the owner acts until the generation it acted on is the latest.
  generation bigint not null default 1,
  -- The device is to be unlinked at WhatsApp and its secrets forgotten at the next reconcile.
  unlink boolean not null default false,
  changed_at timestamptz not null default clock_timestamp(),
  status text not null,
  status_reason text,
  status_since timestamptz not null default now(),
  status_deadline timestamptz,
  pairing_attempt int not null default 0,
  phone text,
  lid text,
  jid text,
  push_name text,
  platform text,
  metadata jsonb not null default '{}',
  -- Credentials as a sealed envelope; readable by no client role.
  auth_state text,
  -- Credentials that WhatsApp or a person took out of use: kept sealed for a day, for a removal that proves to be a mistake.
  retired_auth_state text,
  retired_at timestamptz,
  -- Theoretical arrival time of the pacing bucket, in database time: a new owner grants no second burst.
  pace_tat timestamptz,
  paired_at timestamptz,
  connected_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  revision bigint not null default 1
) with (fillfactor = 70);
create unique index whatsapp_sessions_name on public.whatsapp_sessions (tenant_id, name) where deleted_at is null;
create index whatsapp_sessions_running on public.whatsapp_sessions (shard) where desired = 'running' or unlink;
create index whatsapp_sessions_tenant on public.whatsapp_sessions (tenant_id, id);

-- Signal keys, one sealed row each; a single document would be rewritten for every message.
create table public.whatsapp_signal_keys (
  session_id uuid not null references public.whatsapp_sessions (id) on delete cascade,
  type text not null,
  key_id text not null,
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  value text not null,
  epoch bigint not null,
  primary key (session_id, type, key_id)
);

-- A session in the shape of the API and of events.
create function public.session_json(s public.whatsapp_sessions) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_build_object(
    'id', s.id, 'name', s.name, 'display_name', s.display_name, 'network', s.network, 'desired', s.desired,
    'status', s.status, 'status_reason', s.status_reason, 'status_since', public.iso(s.status_since),
    'status_deadline', public.iso(s.status_deadline), 'phone', s.phone, 'lid', s.lid, 'jid', s.jid,
    'push_name', s.push_name, 'platform', s.platform, 'metadata', s.metadata,
    'worker_id', (select h.owner from public.shards h where h.shard = s.shard),
    'paired_at', public.iso(s.paired_at), 'connected_at', public.iso(s.connected_at),
    'created_at', public.iso(s.created_at), 'updated_at', public.iso(s.updated_at), 'revision', s.revision));
end $$;

-- The short form that every event about a session carries.
create function public.session_ref(s public.whatsapp_sessions) returns jsonb
language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_build_object('id', s.id, 'name', s.name, 'phone', s.phone);
end $$;

-- Makes a session {id, name, display_name, network, shard, start, metadata, idempotency, request_id}.
-- Returns {session, shard, heads} or {problem: name_taken | quota_exceeded | idempotency_key_reused}.
create function public.create_session(p_tenant uuid, p jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_answer jsonb := public.begin_idempotent(p_tenant, p->'idempotency');
  v_session public.whatsapp_sessions;
  v_heads jsonb;
begin
  if v_answer is not null then return v_answer; end if;
  if (select count(*) from public.whatsapp_sessions where tenant_id = p_tenant and deleted_at is null) >= 1000 then
    return public.finish_idempotent(p_tenant, p->'idempotency', '{"problem": "quota_exceeded"}');
  end if;
  insert into public.whatsapp_sessions (id, tenant_id, name, display_name, network, shard, desired, status, status_deadline, metadata)
    values ((p->>'id')::uuid, p_tenant, p->>'name', p->>'display_name', p->>'network', (p->>'shard')::smallint,
            case when (p->>'start')::boolean then 'running' else 'stopped' end,
            case when (p->>'start')::boolean then 'starting' else 'stopped' end,
            case when (p->>'start')::boolean then now() + interval '30 seconds' end,
            coalesce(p->'metadata', '{}'))
    on conflict (tenant_id, name) where deleted_at is null do nothing
    returning * into v_session;
  if v_session.id is null then
    return public.finish_idempotent(p_tenant, p->'idempotency', '{"problem": "name_taken"}');
  end if;
  v_heads := public.append_events(jsonb_build_array(jsonb_build_object(
    'tenant_id', p_tenant, 'type', 'session.created', 'session', public.session_ref(v_session), 'subject', v_session.id,
    'request_id', p->>'request_id', 'data', jsonb_build_object('session', public.session_json(v_session)))));
  return public.finish_idempotent(p_tenant, p->'idempotency',
    jsonb_build_object('session', public.session_json(v_session), 'shard', v_session.shard, 'heads', v_heads));
end $$;

-- A session of the tenant by id or name; null when there is none.
create function public.find_session(p_tenant uuid, p_ref text) returns public.whatsapp_sessions
language sql stable set search_path = '' as $$
  select s from public.whatsapp_sessions s
  where s.tenant_id = p_tenant and s.deleted_at is null and (s.id::text = p_ref or s.name = p_ref)
$$;

-- Writes a status. Returns its event for the caller to append: [event], or [] when nothing changed.
create function public.set_session_status(p_session uuid, p_status text, p_reason text, p_deadline_ms bigint, p_epoch bigint, p_request_id text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_old public.whatsapp_sessions;
  v_new public.whatsapp_sessions;
begin
  select * into v_old from public.whatsapp_sessions where id = p_session for no key update;
  if v_old.id is null or (v_old.status = p_status and v_old.status_reason is not distinct from p_reason) then return '[]'; end if;
  update public.whatsapp_sessions set status = p_status, status_reason = p_reason, status_since = clock_timestamp(),
    status_deadline = case when p_deadline_ms is not null then clock_timestamp() + p_deadline_ms * interval '1 millisecond' end,
    connected_at = case when p_status = 'connected' then clock_timestamp() else connected_at end,
    updated_at = clock_timestamp(), revision = revision + 1
    where id = p_session returning * into v_new;
  return jsonb_build_array(jsonb_build_object(
    'tenant_id', v_new.tenant_id, 'type', 'session.status_changed', 'session', public.session_ref(v_new), 'subject', v_new.id,
    'request_id', p_request_id, 'lease_epoch', p_epoch,
    'data', jsonb_build_object('previous', v_old.status, 'status', v_new.status, 'reason', v_new.status_reason, 'desired', v_new.desired,
      'since', public.iso(v_new.status_since), 'deadline', public.iso(v_new.status_deadline), 'phone', v_new.phone, 'revision', v_new.revision)));
end $$;

-- What a person asks of a session: start, stop, restart, logout or delete. Idempotent; the worker does the rest.
-- Returns {session, shard, heads} or {problem: not_found | state_conflict}.
create function public.control_session(p_tenant uuid, p_ref text, p_request text, p_request_id text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_session public.whatsapp_sessions;
  v_events jsonb := '[]';
  v_resting boolean;
begin
  select * into v_session from public.whatsapp_sessions s
    where s.tenant_id = p_tenant and s.deleted_at is null and (s.id::text = p_ref or s.name = p_ref) for no key update;
  if v_session.id is null then return '{"problem": "not_found"}'; end if;
  v_resting := v_session.status in ('stopped', 'logged_out', 'banned', 'restricted', 'failed', 'conflict');
  if p_request = 'restart' and v_session.desired <> 'running' then
    return jsonb_build_object('problem', 'state_conflict', 'detail', 'The session is stopped: start it instead');
  end if;
  if p_request = 'start' and v_session.desired = 'running' and not v_resting then
    return jsonb_build_object('session', public.session_json(v_session), 'shard', v_session.shard, 'heads', '{}'::jsonb);
  end if;
  update public.whatsapp_sessions set
    desired = case p_request when 'start' then 'running' when 'restart' then 'running' when 'delete' then 'deleted' else 'stopped' end,
    unlink = unlink or (p_request in ('logout', 'delete') and auth_state is not null),
    generation = generation + 1, changed_at = clock_timestamp(), updated_at = clock_timestamp(), revision = revision + 1,
    pairing_attempt = case when p_request in ('start', 'restart') and paired_at is null then pairing_attempt + 1 else pairing_attempt end,
    deleted_at = case when p_request = 'delete' then clock_timestamp() end
    where id = v_session.id;
  if p_request in ('start', 'restart') then
    v_events := public.set_session_status(v_session.id, 'starting', null, 30000, null, p_request_id);
  elsif v_resting and p_request = 'stop' then
    v_events := public.set_session_status(v_session.id, 'stopped', null, null, null, p_request_id);
  end if;
  select * into v_session from public.whatsapp_sessions where id = v_session.id;
  if p_request = 'delete' then
    v_events := v_events || jsonb_build_array(jsonb_build_object('tenant_id', p_tenant, 'type', 'session.deleted',
      'session', public.session_ref(v_session), 'subject', v_session.id, 'request_id', p_request_id, 'data', '{}'::jsonb));
  end if;
  return jsonb_build_object('session', public.session_json(v_session), 'shard', v_session.shard, 'heads', public.append_events(v_events));
end $$;

revoke all on function public.session_json(public.whatsapp_sessions), public.session_ref(public.whatsapp_sessions),
  public.create_session(uuid, jsonb), public.find_session(uuid, text), public.set_session_status(uuid, text, text, bigint, bigint, text),
  public.control_session(uuid, text, text, text) from public, anon, authenticated;
grant execute on function public.session_json(public.whatsapp_sessions), public.session_ref(public.whatsapp_sessions),
  public.create_session(uuid, jsonb), public.find_session(uuid, text), public.set_session_status(uuid, text, text, bigint, bigint, text),
  public.control_session(uuid, text, text, text) to service_role;

alter table public.installation enable row level security;
alter table public.installation force row level security;
alter table public.shards enable row level security;
alter table public.shards force row level security;
alter table public.workers enable row level security;
alter table public.workers force row level security;
alter table public.whatsapp_sessions enable row level security;
alter table public.whatsapp_sessions force row level security;
alter table public.whatsapp_signal_keys enable row level security;
alter table public.whatsapp_signal_keys force row level security;

revoke all on public.installation, public.shards, public.workers, public.whatsapp_sessions, public.whatsapp_signal_keys from anon, authenticated;
-- By column: the credentials and the pacing state stay out of reach of every client role.
grant select (id, tenant_id, name, display_name, network, desired, status, status_reason, status_since, status_deadline, phone, lid, jid,
  push_name, platform, metadata, paired_at, connected_at, created_at, updated_at, deleted_at, revision) on public.whatsapp_sessions to authenticated;
grant select, insert, update, delete on public.installation, public.shards, public.workers, public.whatsapp_sessions, public.whatsapp_signal_keys to service_role;
create policy sessions_of_my_tenants on public.whatsapp_sessions for select to authenticated using (tenant_id in (select public.my_tenants()));
