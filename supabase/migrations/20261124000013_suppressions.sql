-- Whoever said stop is not written to again. A suppression is looked at when a message is accepted, when a campaign's lines
-- are read and released, and once more in the commit that claims a message: the last one decides, the others spare work.

create table public.suppressions (
  id uuid primary key default public.uuid_v7(),
  tenant_id uuid not null references public.tenants (id) on delete cascade,
  contact_id uuid not null references public.contacts (id) on delete cascade,
  scope text not null check (scope in ('all', 'marketing')),
  reason text not null check (reason in ('keyword', 'member', 'api', 'import', 'complaint', 'bounce')),
  session_id uuid references public.whatsapp_sessions (id) on delete set null,
  -- What the person wrote.
  message_id uuid,
  note text,
  -- A member's id; for a keyword the person who wrote it.
  created_by text not null,
  -- What is still to be answered, once; then the message that answers. That one message, and no other, passes the claim.
  confirmation text,
  confirmation_id uuid,
  created_at timestamptz not null default clock_timestamp(),
  unique (tenant_id, contact_id, scope)
);
create index suppressions_tenant on public.suppressions (tenant_id, id);
create index suppressions_unconfirmed on public.suppressions (session_id) where confirmation is not null;
create index suppressions_session on public.suppressions (session_id);
create index suppressions_contact on public.suppressions (contact_id);
-- A person's conversations, whatever session; and the person behind a hidden identity.
create index chats_contact on public.chats (contact_id);
create index contacts_lid on public.contacts (tenant_id, lid) where lid is not null;

-- How a tenant answers a STOP; without a row: in the language of the word.
create table public.opt_out_confirmations (
  tenant_id uuid primary key references public.tenants (id) on delete cascade,
  enabled boolean not null default true,
  body text
);

-- Every address of everybody who is not to be written to.
create view public.suppressed_addresses with (security_invoker = true) as
  select a.tenant_id, a.jid, s.contact_id, s.scope
  from public.suppressions s join public.contact_aliases a on a.contact_id = s.contact_id and a.tenant_id = s.tenant_id;

-- Contacts that are one person as far as we know: two made before WhatsApp told that their addresses belong together are not
-- merged yet, and a stop said under one counts for both.
create function public.contacts_of_person(p_tenant uuid, p_contact uuid) returns uuid[]
language plpgsql stable set search_path = '' as $$
begin
  return array(
    select p_contact
    union select a.contact_id from public.contacts c join public.contact_aliases a on a.tenant_id = p_tenant and a.jid = c.lid where c.id = p_contact
    union select c.id from public.contact_aliases a join public.contacts c on c.tenant_id = p_tenant and c.lid = a.jid where a.contact_id = p_contact
    order by 1);
end $$;

create function public.suppression_json(s public.suppressions) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select jsonb_build_object('id', s.id,
    'address', public.party_json(c, coalesce(substr(c.phone, 2) || '@s.whatsapp.net', c.lid,
      (select min(a.jid) from public.contact_aliases a where a.contact_id = c.id)), null),
    'scope', s.scope, 'reason', s.reason, 'session_id', s.session_id, 'message_id', s.message_id, 'note', s.note,
    'created_by', s.created_by, 'created_at', public.iso(s.created_at))
  from public.contacts c where c.id = s.contact_id);
end $$;

-- p: {scope, reason, session_id?, message_id?, note?, created_by, confirmation?}. Suppresses a person under all contacts and takes back
-- whatever has not left: messages become `canceled`, lines of campaigns that are still planned `suppressed`.
-- Returns {added, canceled, events, suppression}; nothing is added where it stood already, and whoever added it first is kept.
--
-- Locks: it runs after people and chats were locked, while messages come before those. So it waits for no message and no line:
-- one that somebody else holds at this moment is left as it is, and found by the release or, at the latest, refused by its claim.
create function public.suppress_person(p_tenant uuid, p_contact uuid, p jsonb, p_epoch bigint, p_request_id text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_people uuid[] := public.contacts_of_person(p_tenant, p_contact);
  v_added jsonb;
  v_events jsonb;
  v_messages int;
  v_lines int;
begin
  with added as (
    insert into public.suppressions as s (tenant_id, contact_id, scope, reason, session_id, message_id, note, created_by, confirmation)
      select p_tenant, x.id, p->>'scope', p->>'reason', (p->>'session_id')::uuid, (p->>'message_id')::uuid, p->>'note', p->>'created_by',
        case when x.id = p_contact then p->>'confirmation' end
      from unnest(v_people) as x (id) order by x.id
      on conflict do nothing returning s as row
  )
  select coalesce(jsonb_agg(public.suppression_json(a.row)), '[]') into v_added from added a;

  with open as (
    select m.id, m.status as previous from public.chats c join public.whatsapp_messages m on m.chat_id = c.id
      -- Nothing waits longer than its schedule (90 days) and its time to live (30 days).
      where c.contact_id = any (v_people) and m.id >= public.uuid_floor(v_now - interval '125 days')
        and m.direction = 'out' and m.status in ('queued', 'held', 'scheduled') and (p->>'scope' = 'all' or m.category = 'marketing')
        and not exists (select 1 from public.suppressions s where s.tenant_id = p_tenant and s.contact_id = m.contact_id and s.confirmation_id = m.id)
      order by m.id for update of m skip locked
  ), gone as (
    update public.whatsapp_messages m set status = 'canceled', status_reason = 'opted_out', revision = m.revision + 1
      from open o where m.id = o.id returning m as message, o.previous
  )
  select count(*), coalesce(jsonb_agg(public.message_event(g.message, g.previous, public.session_ref(w), p_epoch, v_now)
      || jsonb_build_object('request_id', p_request_id) order by (g.message).id), '[]')
    into v_messages, v_events
    from gone g join public.whatsapp_sessions w on w.id = (g.message).session_id;

  with open as (
    select x.campaign_id, x.ordinal from public.campaigns k
      join public.contact_aliases a on a.tenant_id = p_tenant and a.contact_id = any (v_people)
      join public.campaign_recipients x on x.campaign_id = k.id and x.jid = a.jid
      where k.tenant_id = p_tenant and k.status in ('draft', 'ready', 'running', 'paused') and x.status = 'planned'
        and (p->>'scope' = 'all' or k.category = 'marketing')
      order by x.campaign_id, x.ordinal for update of x skip locked
  ), gone as (
    update public.campaign_recipients x set status = 'suppressed' from open o
      where x.campaign_id = o.campaign_id and x.ordinal = o.ordinal returning 1
  )
  select count(*) into v_lines from gone;

  select v_events || coalesce(jsonb_agg(jsonb_build_object('tenant_id', p_tenant, 'type', 'suppression.added', 'session', null, 'subject', a->>'id',
      'request_id', p_request_id, 'lease_epoch', p_epoch, 'data', jsonb_build_object('suppression', a, 'canceled', v_messages + v_lines))), '[]')
    into v_events from jsonb_array_elements(v_added) a;
  return jsonb_build_object('added', jsonb_array_length(v_added), 'canceled', v_messages + v_lines, 'events', v_events,
    'suppression', (select public.suppression_json(s) from public.suppressions s
      where s.tenant_id = p_tenant and s.contact_id = p_contact and s.scope = p->>'scope'));
end $$;

-- The word of a person: `stop` suppresses everything, `start` lifts what a word had made and nothing else. r is the inbound row with
-- opt_out: {kind, keyword, confirmation: what to answer where the tenant has no text of its own}; p_event its message.received.
-- Returns the events.
create function public.hear_opt_out(r jsonb, p_event jsonb, p_epoch bigint) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_tenant uuid := (r->>'tenant_id')::uuid;
  v_message jsonb := p_event->'data'->'message';
  v_contact uuid := (v_message->'party'->>'contact_id')::uuid;
  v_settings public.opt_out_confirmations;
  v_done jsonb;
  v_base jsonb := jsonb_build_object('tenant_id', v_tenant, 'session', p_event->'session', 'subject', v_contact, 'lease_epoch', p_epoch);
begin
  if r->'opt_out'->>'kind' = 'start' then
    v_done := public.lift_suppressions(v_tenant, v_contact, null, 'keyword', null, p_epoch);
    if jsonb_array_length(v_done) = 0 then return '[]'; end if;
    return v_done || (v_base || jsonb_build_object('type', 'contact.opted_in', 'data', jsonb_build_object('party', v_message->'party',
      'source', 'keyword', 'keyword', r->'opt_out'->'keyword', 'message_id', v_message->'id')));
  end if;
  select * into v_settings from public.opt_out_confirmations where tenant_id = v_tenant;
  v_done := public.suppress_person(v_tenant, v_contact, jsonb_build_object('scope', 'all', 'reason', 'keyword', 'session_id', r->'session_id',
    'message_id', v_message->'id', 'created_by', coalesce(v_message->'party'->>'phone', v_message->'party'->>'jid'),
    'confirmation', case when coalesce(v_settings.enabled, true) then coalesce(v_settings.body, r->'opt_out'->>'confirmation') end), p_epoch, null);
  if (v_done->>'added')::int = 0 then return v_done->'events'; end if;
  return v_done->'events' || (v_base || jsonb_build_object('type', 'contact.opted_out', 'data', jsonb_build_object('party', v_message->'party',
    'source', 'keyword', 'keyword', r->'opt_out'->'keyword', 'message_id', v_message->'id', 'canceled', v_done->'canceled')));
end $$;

-- Ends suppressions of a person: of one scope or (null) of both, and only those made for this reason. Returns the events.
create function public.lift_suppressions(p_tenant uuid, p_contact uuid, p_scope text, p_reason text, p_note text, p_epoch bigint,
    p_by text default null, p_request_id text default null) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_events jsonb;
begin
  with gone as (
    delete from public.suppressions s where s.tenant_id = p_tenant and s.contact_id = any (public.contacts_of_person(p_tenant, p_contact))
      and s.reason = p_reason and (p_scope is null or s.scope = p_scope) returning s as row
  )
  select coalesce(jsonb_agg(jsonb_build_object('tenant_id', p_tenant, 'type', 'suppression.removed', 'session', null, 'subject', (g.row).id,
      'request_id', p_request_id, 'lease_epoch', p_epoch,
      'data', jsonb_build_object('suppression', public.suppression_json(g.row), 'by', p_by, 'note', p_note))), '[]')
    into v_events from gone g;
  return v_events;
end $$;

-- Two contacts turned out to be one person: what one said counts for the other. Aliases as commit_group gets them.
create function public.share_suppressions(p_aliases jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.suppressions (tenant_id, contact_id, scope, reason, session_id, message_id, note, created_by, created_at)
    select distinct on (s.tenant_id, x.other, s.scope) s.tenant_id, x.other, s.scope, s.reason, s.session_id, s.message_id, s.note, s.created_by, s.created_at
    from jsonb_to_recordset(p_aliases) as r (tenant_id uuid, pn text, lid text)
    join public.contact_aliases a on a.tenant_id = r.tenant_id and a.jid = r.pn
    join public.contact_aliases b on b.tenant_id = r.tenant_id and b.jid = r.lid and b.contact_id <> a.contact_id
    cross join lateral (values (a.contact_id, b.contact_id), (b.contact_id, a.contact_id)) as x (one, other)
    join public.suppressions s on s.tenant_id = r.tenant_id and s.contact_id = x.one
    order by s.tenant_id, x.other, s.scope, s.created_at
    on conflict do nothing;
end $$;

-- Answers those who said stop, once each, in the lane of the session they wrote to. Called by the sweep and not by the commit that
-- heard them: a commit waits for no lane. An answer that is a day late is none.
create function public.confirm_opt_outs(p_shards int[]) returns void
language plpgsql set search_path = '' as $$
declare
  v_due jsonb;
  v_one record;
  v_events jsonb;
begin
  if not exists (select 1 from public.suppressions s where s.confirmation is not null) then return; end if;
  with person as materialized (
    select s.id from public.suppressions s join public.whatsapp_sessions w on w.id = s.session_id join public.contacts c on c.id = s.contact_id
      where s.confirmation is not null and w.shard = any (p_shards) and w.deleted_at is null and s.created_at > clock_timestamp() - interval '1 day'
      order by c.id limit 200 for no key update of c skip locked
  ), named as (
    update public.suppressions s set confirmation_id = public.uuid_v7() from person p where s.id = p.id and s.confirmation is not null
      returning s.id, s.tenant_id, s.session_id, s.contact_id, s.confirmation, s.confirmation_id
  )
  select jsonb_agg(jsonb_build_object('suppression', n.id, 'tenant_id', n.tenant_id, 'id', n.confirmation_id, 'session_id', n.session_id, 'jid', c.jid,
      'lane', 0, 'lane_weight', 8, 'type', 'text', 'content', jsonb_build_object('body', n.confirmation), 'category', 'service', 'ttl_s', 86400)
      order by n.id)
    into v_due
    from named n join public.chats c on c.session_id = n.session_id and c.contact_id = n.contact_id;
  if v_due is null then return; end if;
  for v_one in select (d->>'tenant_id')::uuid as tenant_id, jsonb_agg(d) as rows from jsonb_array_elements(v_due) d group by 1 order by 1 loop
    perform public.store_outbound(v_one.tenant_id, v_one.rows);
  end loop;
  update public.suppressions s set confirmation = null from jsonb_array_elements(v_due) d where s.id = (d->>'suppression')::uuid;
  select coalesce(jsonb_agg(jsonb_build_object('tenant_id', m.tenant_id, 'type', 'message.accepted', 'session', public.session_ref(w), 'subject', m.id,
      'data', jsonb_build_object('message', public.message_json(m))) order by m.id), '[]') into v_events
    from jsonb_array_elements(v_due) d join public.whatsapp_messages m on m.id = (d->>'id')::uuid join public.whatsapp_sessions w on w.id = m.session_id;
  perform public.append_events(v_events);
end $$;

-- p: {jid, phone, scope, reason, note?, created_by, request_id}. Returns {suppression, added, canceled, heads}. Adding it again changes nothing.
create function public.add_suppression(p_tenant uuid, p jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_contact uuid;
  v_done jsonb;
begin
  insert into public.contact_aliases (tenant_id, jid, contact_id) values (p_tenant, p->>'jid', public.uuid_v7())
    on conflict do nothing returning contact_id into v_contact;
  if v_contact is not null then
    insert into public.contacts (id, tenant_id, phone, lid)
      values (v_contact, p_tenant, p->>'phone', case when p->>'jid' like '%@lid' then p->>'jid' end);
  else
    select a.contact_id into v_contact from public.contact_aliases a where a.tenant_id = p_tenant and a.jid = p->>'jid';
  end if;
  perform 1 from public.contacts c where c.id = any (public.contacts_of_person(p_tenant, v_contact)) order by c.id for no key update;
  v_done := public.suppress_person(p_tenant, v_contact, p - 'session_id' - 'message_id' - 'confirmation', null, p->>'request_id');
  return (v_done - 'events') || jsonb_build_object('heads', public.append_events(v_done->'events'));
end $$;

-- Lifts a suppression by a member's hand. What a person's own word made takes a written reason.
-- Returns {heads} or {problem: not_found | reason_required}.
create function public.remove_suppression(p_tenant uuid, p_id uuid, p_note text, p_by text, p_request_id text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_row public.suppressions;
begin
  select * into v_row from public.suppressions where id = p_id and tenant_id = p_tenant;
  if v_row.id is null then return '{"problem": "not_found"}'; end if;
  if v_row.reason = 'keyword' and p_note is null then return '{"problem": "reason_required"}'; end if;
  perform 1 from public.contacts c where c.id = any (public.contacts_of_person(p_tenant, v_row.contact_id)) order by c.id for no key update;
  return jsonb_build_object('heads', public.append_events(
    public.lift_suppressions(p_tenant, v_row.contact_id, v_row.scope, v_row.reason, p_note, null, p_by, p_request_id)));
end $$;

-- p: {limit, before?: id, scope?, reason?, contact?}. Newest first.
create function public.list_suppressions(p_tenant uuid, p jsonb) returns jsonb
language sql stable set search_path = '' as $$
  select public.page_json(p_tenant, coalesce(jsonb_agg(jsonb_build_object('key', s.id, 'value', public.suppression_json(s)) order by s.id desc), '[]'), (p->>'limit')::int)
  from (select * from public.suppressions s
    where s.tenant_id = p_tenant
      and (p->>'before' is null or s.id < (p->>'before')::uuid)
      and (p->>'scope' is null or s.scope = p->>'scope')
      and (p->>'reason' is null or s.reason = p->>'reason')
      and (p->>'contact' is null or s.contact_id = (p->>'contact')::uuid)
    order by s.id desc limit (p->>'limit')::int + 1) s
$$;

-- What each address is kept from: {jid: all | marketing}; an address that is missing may be written to.
create function public.check_suppressions(p_tenant uuid, p_jids text[]) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return (select coalesce(jsonb_object_agg(x.jid, x.scope), '{}')
  from (select v.jid, min(v.scope) as scope from public.suppressed_addresses v where v.tenant_id = p_tenant and v.jid = any (p_jids) group by v.jid) x);
end $$;

create function public.opt_out_confirmation(p_tenant uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return coalesce((select jsonb_build_object('enabled', o.enabled, 'text', o.body) from public.opt_out_confirmations o where o.tenant_id = p_tenant),
    '{"enabled": true, "text": null}');
end $$;

create function public.set_opt_out_confirmation(p_tenant uuid, p_enabled boolean, p_text text) returns jsonb
language plpgsql set search_path = '' as $$
begin
  insert into public.opt_out_confirmations (tenant_id, enabled, body) values (p_tenant, p_enabled, p_text)
    on conflict (tenant_id) do update set enabled = excluded.enabled, body = excluded.body;
  return public.opt_out_confirmation(p_tenant);
end $$;

do $$ declare f regprocedure; begin
  for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'public'::regnamespace
    and p.proname in ('contacts_of_person', 'suppression_json', 'suppress_person', 'hear_opt_out', 'lift_suppressions', 'share_suppressions', 'confirm_opt_outs',
      'add_suppression', 'remove_suppression', 'list_suppressions', 'check_suppressions', 'opt_out_confirmation', 'set_opt_out_confirmation') loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
    execute format('grant execute on function %s to service_role', f);
  end loop;
end $$;
do $$ declare t text; begin
  foreach t in array array['suppressions', 'opt_out_confirmations'] loop
    execute format('alter table public.%I enable row level security', t);
    execute format('alter table public.%I force row level security', t);
    execute format('revoke all on public.%I from anon, authenticated', t);
    execute format('grant select, insert, update, delete on public.%I to service_role', t);
    execute format('grant select on public.%I to authenticated', t);
    execute format('create policy of_my_tenants on public.%I for select to authenticated using (tenant_id in (select public.my_tenants()))', t);
  end loop;
end $$;
revoke all on public.suppressed_addresses from anon, authenticated;
grant select on public.suppressed_addresses to service_role;
