-- Tenants, their members, and the row-level rules that every later table reuses.

-- A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then randomness. Ids sort by the time they were minted.
create function public.uuid_v7() returns uuid
language plpgsql volatile set search_path = '' as $$
begin
  return encode(
    set_bit(set_bit(
      overlay(decode(replace(gen_random_uuid()::text, '-', ''), 'hex')
              placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
      52, 1), 53, 1), 'hex')::uuid;
end $$;

-- The one text form of a time in everything we return: RFC 3339, UTC, milliseconds.
create function public.iso(t timestamptz) returns text
language plpgsql immutable set search_path = '' as $$
begin
  return to_char(t at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
end $$;

create table public.tenants (
  id uuid primary key default public.uuid_v7(),
  name text not null check (length(name) between 1 and 120),
  created_at timestamptz not null default now()
);

create table public.tenant_members (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role text not null check (role in ('owner', 'admin', 'developer', 'campaigner', 'inbox', 'viewer')),
  created_at timestamptz not null default now(),
  primary key (tenant_id, user_id)
);
create index tenant_members_user on public.tenant_members (user_id);

-- The log of each tenant: its identity and the sequence handed out last. The row's lock makes the sequence dense.
create table public.tenant_event_heads (
  tenant_id uuid primary key references public.tenants (id) on delete cascade,
  log_id uuid not null default gen_random_uuid(),
  head bigint not null default 0
) with (fillfactor = 50);

-- The tenants of whoever asks. A definer, because a policy on tenant_members that read tenant_members would recurse.
create function public.my_tenants() returns setof uuid
language sql stable security definer set search_path = '' as $$
  select tenant_id from public.tenant_members where user_id = (select auth.uid())
$$;
revoke all on function public.my_tenants() from public, anon;
grant execute on function public.my_tenants() to authenticated, service_role;

-- Whoever signs up gets a tenant of their own and owns it.
create function public.welcome_member() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_tenant uuid := public.uuid_v7();
begin
  insert into public.tenants (id, name) values (v_tenant, left(coalesce(nullif(split_part(new.email, '@', 1), ''), 'My workspace'), 120));
  insert into public.tenant_event_heads (tenant_id) values (v_tenant);
  insert into public.tenant_members (tenant_id, user_id, role) values (v_tenant, new.id, 'owner');
  insert into public.operators (user_id) select new.id from public.installation i
    where i.first_member_operates and not exists (select 1 from public.operators) on conflict do nothing;
  return new;
end $$;
revoke all on function public.welcome_member() from public, anon, authenticated;
create trigger flotilla_welcome_member after insert on auth.users
  for each row execute function public.welcome_member();

-- The memberships of one member, for services that verified a token themselves; `operator` is the installation's flag.
create function public.member_tenants_of(p_user uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object('tenant_id', m.tenant_id, 'role', m.role, 'name', t.name,
      'operator', exists (select 1 from public.operators o where o.user_id = p_user)) order by m.created_at, t.id), '[]')
  from public.tenant_members m join public.tenants t on t.id = m.tenant_id
  where m.user_id = p_user);
end $$;
revoke all on function public.member_tenants_of(uuid) from public, anon, authenticated;
grant execute on function public.member_tenants_of(uuid) to service_role;

-- Answers of creating requests, kept so that a repeat gets the first answer. Written in the transaction of the row.
create table public.idempotency_keys (
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  route text not null,
  key text not null,
  body_hash text not null,
  response jsonb,
  expires_at timestamptz not null,
  primary key (tenant_id, route, key)
);
create index idempotency_keys_expiry on public.idempotency_keys (expires_at);

-- Opens a keyed request {route, key, body_hash, ttl_s}: null means go on; otherwise the answer to give instead.
-- A request with the same key that is still running is waited for: its row is locked until it commits.
create function public.begin_idempotent(p_tenant uuid, p_idempotency jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_row public.idempotency_keys;
begin
  if p_idempotency is null or jsonb_typeof(p_idempotency) = 'null' then return null; end if;
  delete from public.idempotency_keys
    where tenant_id = p_tenant and route = p_idempotency->>'route' and key = p_idempotency->>'key' and expires_at < now();
  insert into public.idempotency_keys (tenant_id, route, key, body_hash, expires_at)
    values (p_tenant, p_idempotency->>'route', p_idempotency->>'key', p_idempotency->>'body_hash',
            now() + make_interval(secs => (p_idempotency->>'ttl_s')::int))
    on conflict do nothing;
  if found then return null; end if;
  select * into v_row from public.idempotency_keys
    where tenant_id = p_tenant and route = p_idempotency->>'route' and key = p_idempotency->>'key';
  if v_row.body_hash <> p_idempotency->>'body_hash' then return '{"problem": "idempotency_key_reused"}'; end if;
  return v_row.response || '{"replayed": true}';
end $$;

-- Keeps the answer of a keyed request; a no-op without a key. A refusal that stored nothing is not kept, so that the same
-- request may succeed later under the same key.
create function public.finish_idempotent(p_tenant uuid, p_idempotency jsonb, p_response jsonb) returns jsonb
language plpgsql set search_path = '' as $$
begin
  if p_idempotency is null or jsonb_typeof(p_idempotency) = 'null' then return p_response; end if;
  if p_response ? 'problem' or (p_response ? 'results' and not p_response @? '$.results[*] ? (@.outcome != "rejected")') then
    delete from public.idempotency_keys
      where tenant_id = p_tenant and route = p_idempotency->>'route' and key = p_idempotency->>'key';
  else
    update public.idempotency_keys set response = p_response
      where tenant_id = p_tenant and route = p_idempotency->>'route' and key = p_idempotency->>'key';
  end if;
  return p_response;
end $$;
revoke all on function public.begin_idempotent(uuid, jsonb), public.finish_idempotent(uuid, jsonb, jsonb) from public, anon, authenticated;
grant execute on function public.begin_idempotent(uuid, jsonb), public.finish_idempotent(uuid, jsonb, jsonb) to service_role;

alter table public.tenants enable row level security;
alter table public.tenants force row level security;
alter table public.tenant_members enable row level security;
alter table public.tenant_members force row level security;
alter table public.tenant_event_heads enable row level security;
alter table public.tenant_event_heads force row level security;
alter table public.idempotency_keys enable row level security;
alter table public.idempotency_keys force row level security;

revoke all on public.tenants, public.tenant_members, public.tenant_event_heads, public.idempotency_keys from anon, authenticated;
grant select on public.tenants, public.tenant_members, public.tenant_event_heads to authenticated;
grant select, insert, update, delete on public.tenants, public.tenant_members, public.tenant_event_heads, public.idempotency_keys to service_role;

create policy tenants_of_member on public.tenants for select to authenticated using (id in (select public.my_tenants()));
create policy members_of_my_tenants on public.tenant_members for select to authenticated using (tenant_id in (select public.my_tenants()));
create policy heads_of_my_tenants on public.tenant_event_heads for select to authenticated using (tenant_id in (select public.my_tenants()));
