-- A person decides what becomes of a message that nobody else can decide about.

-- p_as: resend (again under the same WhatsApp id), assume_sent, failed: for a message in `unknown`; release: for one that is held
-- for review. Returns {message, wake, heads} or {problem: not_found | state_conflict}. The session's row is touched for what
-- its pump has to learn: the sweep finds it when the job is lost. Locks: the lane (release), the message, the session, the head.
create function public.resolve_message(p_tenant uuid, p_message uuid, p_as text, p_request_id text) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_old public.whatsapp_messages;
  v_new public.whatsapp_messages;
  v_session public.whatsapp_sessions;
begin
  select * into v_old from public.whatsapp_messages where id = p_message and tenant_id = p_tenant and direction = 'out';
  if v_old.id is null then return '{"problem": "not_found"}'; end if;
  perform 1 from public.message_lanes where session_id = v_old.session_id and lane = v_old.lane and p_as = 'release' for update;
  select * into v_old from public.whatsapp_messages where id = p_message for update;
  if p_as = 'release' and (v_old.status <> 'held' or v_old.status_reason is distinct from 'review') then
    return jsonb_build_object('problem', 'state_conflict', 'status', v_old.status, 'detail', 'Only a message that is held for review can be released');
  elsif p_as <> 'release' and v_old.status <> 'unknown' then
    return jsonb_build_object('problem', 'state_conflict', 'status', v_old.status, 'detail', 'Only a message in unknown can be resolved so');
  end if;
  update public.whatsapp_messages set revision = revision + 1,
      status = case p_as when 'release' then 'queued' when 'failed' then 'failed' else 'unknown' end,
      status_reason = case p_as when 'resend' then 'resend_asked' when 'assume_sent' then 'assumed_sent' when 'failed' then 'no_ack' end,
      failure = case when p_as = 'failed' then jsonb_build_object('code', 'no_ack', 'detail', 'A person declared it failed', 'retryable', false) end,
      deaths = case when p_as in ('resend', 'release') then 0 else deaths end
    where id = p_message returning * into v_new;
  if p_as = 'release' then
    update public.message_lanes set head_seq = least(head_seq, v_new.seq), touched_at = clock_timestamp()
      where session_id = v_new.session_id and lane = v_new.lane;
  end if;
  update public.whatsapp_sessions set changed_at = clock_timestamp() where id = v_new.session_id returning * into v_session;
  return jsonb_build_object('message', public.message_json(v_new),
    'wake', jsonb_build_object('session_id', v_new.session_id, 'shard', v_session.shard, 'lane', v_new.lane),
    'heads', case when p_as = 'release' then '{}'::jsonb else public.append_events(jsonb_build_array(
      public.message_event(v_new, v_old.status, public.session_ref(v_session), null, clock_timestamp()) || jsonb_build_object('request_id', p_request_id))) end);
end $$;
revoke all on function public.resolve_message(uuid, uuid, text, text) from public, anon, authenticated;
grant execute on function public.resolve_message(uuid, uuid, text, text) to service_role;
