/**
 * What a hosted Supabase project has before anybody's first migration, for a bare Postgres: roles, schemas, grants and
 * the realtime publication. Idempotent. It is never sent to a hosted project.
 *
 * The default privileges are as generous as Supabase's own on purpose: a migration that forgets to revoke must be seen
 * to leak here too. They reach later tables only: this runs at every start, and must not undo a revoke.
 */
export const PRELUDE = `
do $$
begin
  -- Roles belong to the whole cluster: two databases may be prepared at the same moment.
  perform pg_advisory_xact_lock(4711);
  if not exists (select from pg_roles where rolname = 'anon') then create role anon nologin noinherit; end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then
    create role authenticated nologin noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'service_role') then
    create role service_role nologin noinherit bypassrls;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticator') then
    create role authenticator noinherit nologin;
    grant anon, authenticated, service_role to authenticator;
  end if;
  if not exists (select from pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end
$$;

create schema if not exists auth;
create schema if not exists extensions;
create extension if not exists pgcrypto with schema extensions;
create extension if not exists "uuid-ossp" with schema extensions;

grant usage on schema public, auth, extensions to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
alter default privileges in schema public grant all on routines to anon, authenticated, service_role;

do $$
begin
  execute format('alter database %I set search_path to "$user", public, extensions', current_database());
end
$$;
`;
