-- Accepting messages: one transaction from the request to durable rows, references, events and the kept answer.

-- p: {idempotency, atomic, batch_id, request_id, rows: [{index, id, session, jid, phone, input, type, content, category, client_ref,
--     content_hash, ttl_s, on_unknown, metadata}]}, rows in the order they shall be sent.
-- Returns {batch_id, results: [{index, outcome, id, status, code, detail}], messages: {id: message}, wakes, heads}; with `atomic` and a refused row nothing is
-- stored. {problem} for a reused idempotency key.
create function public.accept_messages(p_tenant uuid, p jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
declare
  v_answer jsonb := public.begin_idempotent(p_tenant, p->'idempotency');
  v_rows jsonb;
  v_good jsonb;
  v_results jsonb;
  v_wakes jsonb := '[]';
  v_events jsonb;
  v_messages jsonb := '{}';
begin
  if v_answer is not null then return v_answer; end if;

  -- Who sends. A session that can never send again is refused; one that is merely offline keeps the row waiting.
  select jsonb_agg(r.row || jsonb_build_object('session_id', s.id, 'lane', 0, 'lane_weight', 8, 'batch_id', p->'batch_id', 'request_id', p->'request_id',
      'refusal', case when s.id is null then 'unknown_session'
                      when s.status in ('logged_out', 'banned') then 'session_not_connected'
                      when exists (select 1 from public.suppressed_addresses v where v.tenant_id = p_tenant and v.jid = r.row->>'jid'
                        and (v.scope = 'all' or r.row->>'category' = 'marketing')) then 'opted_out'
                      when q.waiting >= 1000000 then 'backlog_full' end) order by (r.row->>'index')::int)
    into v_rows
    from jsonb_array_elements(p->'rows') as r (row)
    left join public.whatsapp_sessions s on s.tenant_id = p_tenant and s.deleted_at is null and (s.id::text = r.row->>'session' or s.name = r.row->>'session')
    left join lateral (select sum(l.next_seq - l.head_seq) as waiting from public.message_lanes l where l.session_id = s.id and l.lane = 0) q on true;

  -- Claim the references. A concurrent request with the same one is waited for, then found.
  insert into public.message_refs (tenant_id, client_ref, content_hash, message_id)
    select distinct on (e.row->>'client_ref') p_tenant, e.row->>'client_ref', e.row->>'content_hash', (e.row->>'id')::uuid
    from jsonb_array_elements(v_rows) as e (row)
    where e.row->>'client_ref' is not null and e.row->>'refusal' is null
    order by e.row->>'client_ref', (e.row->>'index')::int
    on conflict do nothing;

  select jsonb_agg(e.row || jsonb_build_object(
      'duplicate_of', case when f.message_id <> (e.row->>'id')::uuid and f.content_hash = e.row->>'content_hash' then f.message_id end,
      'refusal', case when f.message_id <> (e.row->>'id')::uuid and f.content_hash <> e.row->>'content_hash' then 'client_ref_conflict'
                      -- What was accepted before the person said stop is still that message: a repeat of the request finds it.
                      when e.row->>'refusal' = 'opted_out' and f.message_id <> (e.row->>'id')::uuid then null
                      else e.row->>'refusal' end)
      order by (e.row->>'index')::int)
    into v_rows
    from jsonb_array_elements(v_rows) as e (row)
    left join public.message_refs f on f.tenant_id = p_tenant and f.client_ref = e.row->>'client_ref';

  if (p->>'atomic')::boolean and exists (select 1 from jsonb_array_elements(v_rows) as e (row) where e.row->>'refusal' is not null) then
    delete from public.message_refs f using jsonb_array_elements(v_rows) as e (row)
      where f.tenant_id = p_tenant and f.client_ref = e.row->>'client_ref' and f.message_id = (e.row->>'id')::uuid;
    v_good := null;
    select jsonb_agg(jsonb_build_object('index', e.row->'index', 'outcome', 'rejected', 'code', coalesce(e.row->>'refusal', 'not_stored'))
        order by (e.row->>'index')::int)
      into v_results from jsonb_array_elements(v_rows) as e (row);
    return public.finish_idempotent(p_tenant, p->'idempotency', jsonb_build_object('batch_id', p->'batch_id', 'results', v_results, 'messages', '{}'::jsonb, 'wakes', '[]'::jsonb, 'heads', '{}'::jsonb));
  end if;

  select jsonb_agg(e.row order by (e.row->>'index')::int) into v_good
    from jsonb_array_elements(v_rows) as e (row) where e.row->>'refusal' is null and e.row->>'duplicate_of' is null;
  if v_good is not null then
    v_wakes := public.store_outbound(p_tenant, v_good);
  end if;

  select coalesce(jsonb_object_agg(m.id, public.message_json(m)), '{}'),
         coalesce(jsonb_agg(jsonb_build_object('tenant_id', p_tenant, 'type', 'message.accepted', 'session', public.session_ref(s), 'subject', m.id,
           'request_id', p->'request_id', 'data', jsonb_build_object('message', public.message_json(m))) order by m.id)
           filter (where m.id = (e.row->>'id')::uuid), '[]')
    into v_messages, v_events
    from jsonb_array_elements(v_rows) as e (row)
    join public.whatsapp_messages m on m.id = coalesce((e.row->>'duplicate_of')::uuid, (e.row->>'id')::uuid)
    join public.whatsapp_sessions s on s.id = m.session_id;

  select jsonb_agg(case
      when e.row->>'refusal' is not null then jsonb_build_object('index', e.row->'index', 'outcome', 'rejected', 'code', e.row->>'refusal')
      else jsonb_build_object('index', e.row->'index', 'outcome', case when e.row->>'duplicate_of' is null then 'accepted' else 'duplicate' end,
        'id', coalesce(e.row->>'duplicate_of', e.row->>'id'),
        'status', v_messages->coalesce(e.row->>'duplicate_of', e.row->>'id')->>'status') end
      order by (e.row->>'index')::int)
    into v_results from jsonb_array_elements(v_rows) as e (row);

  return public.finish_idempotent(p_tenant, p->'idempotency', jsonb_build_object(
    'batch_id', p->'batch_id', 'results', v_results, 'messages', v_messages, 'wakes', v_wakes, 'heads', public.append_events(v_events)));
end $$;

-- Cancels a message that has not left. Returns {message, heads} or {problem: not_found | too_late}.
create function public.cancel_message(p_tenant uuid, p_message uuid, p_request_id text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_old public.whatsapp_messages;
  v_new public.whatsapp_messages;
begin
  select * into v_old from public.whatsapp_messages where id = p_message and tenant_id = p_tenant and direction = 'out' for update;
  if v_old.id is null then return '{"problem": "not_found"}'; end if;
  if v_old.status = 'canceled' then return jsonb_build_object('message', public.message_json(v_old), 'heads', '{}'::jsonb); end if;
  if v_old.status not in ('scheduled', 'held', 'queued') then return jsonb_build_object('problem', 'state_conflict', 'status', v_old.status); end if;
  update public.whatsapp_messages set status = 'canceled', status_reason = 'user', revision = revision + 1 where id = p_message returning * into v_new;
  return jsonb_build_object('message', public.message_json(v_new), 'heads', public.append_events(jsonb_build_array(
    public.message_event(v_new, v_old.status, (select public.session_ref(s) from public.whatsapp_sessions s where s.id = v_new.session_id), null, clock_timestamp()))));
end $$;

-- Everything of a conversation was read on our side.
create function public.read_chat(p_tenant uuid, p_chat uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_chat public.chats;
begin
  update public.chats set unread = 0 where id = p_chat and tenant_id = p_tenant returning * into v_chat;
  if v_chat.id is null then return '{"problem": "not_found"}'; end if;
  return jsonb_build_object('heads', public.append_events(jsonb_build_array(jsonb_build_object('tenant_id', p_tenant, 'type', 'chat.read',
    'session', (select public.session_ref(s) from public.whatsapp_sessions s where s.id = v_chat.session_id), 'subject', p_chat,
    'data', jsonb_build_object('chat_id', p_chat)))));
end $$;
