-- Who runs which session: leases of shards, heartbeat, takeover and placement, all in database time.

-- One heartbeat of one worker: registers it, frees the shards of the dead, hands out free shards by load, plans moves.
-- p: {worker, ttl_ms, capacity, draining, rejoin, loads: {shard: running sessions}, max_moves, settle_ms, host, version, ops_port,
--     rss_bytes, loop_lag_ms}.
-- Returns {t_ms, draining, owned: [{shard, epoch, clean, sessions}], revoke: [shard], workers}. Every worker computes the same
-- greedy placement and takes only its own part of it, so a cold start spreads and nobody grabs everything.
create function public.worker_tick(p jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = 'force_generic_plan' set lock_timeout = '500ms' set statement_timeout = '3s' as $$
declare
  v_me text := p->>'worker';
  v_t timestamptz;
  v_row public.workers;
  v_settle interval := (p->>'settle_ms')::int * interval '1 millisecond';
  v_ids text[];
  v_loads numeric[];
  v_capacities numeric[];
  v_shard record;
  v_best int;
  v_low int;
  v_high int;
  v_cost numeric;
  v_gap numeric;
  v_move record;
  v_revoke smallint[] := '{}';
  v_moves int := 0;
  v_moved smallint[] := '{}';
begin
  perform pg_advisory_xact_lock(hashtext('flotilla.worker_tick'));
  v_t := clock_timestamp();

  select * into v_row from public.workers where id = v_me;
  if v_row.id is null or v_row.expires_at <= v_t or (p->>'rejoin')::boolean then
    update public.shards h set owner = null, clean = false
      where h.shard in (select shard from public.shards where owner = v_me order by shard for update skip locked);
  end if;
  insert into public.workers as w (id, expires_at, joined_at, draining, capacity, loads, host, version, ops_port, rss_bytes, loop_lag_ms)
    values (v_me, v_t + (p->>'ttl_ms')::int * interval '1 millisecond', v_t, (p->>'draining')::boolean, (p->>'capacity')::int,
            coalesce(p->'loads', '{}'), p->>'host', p->>'version', (p->>'ops_port')::int, (p->>'rss_bytes')::bigint, (p->>'loop_lag_ms')::real)
    on conflict (id) do update set expires_at = excluded.expires_at, loads = excluded.loads, capacity = excluded.capacity,
      heartbeat_at = v_t, rss_bytes = excluded.rss_bytes, loop_lag_ms = excluded.loop_lag_ms,
      draining = w.draining or excluded.draining, joined_at = case when w.expires_at <= v_t then v_t else w.joined_at end
    returning * into v_row;

  -- Reap: a shard whose owner has expired is free, and its last owner did not say goodbye.
  update public.shards h set owner = null, clean = false,
      weight = coalesce((select (w.loads->>h.shard::text)::int from public.workers w where w.id = h.owner), h.weight)
    where h.shard in (
      select s.shard from public.shards s left join public.workers w on w.id = s.owner
      where s.owner is not null and (w.id is null or w.expires_at <= v_t) order by s.shard for update of s skip locked);
  delete from public.workers where expires_at < v_t - interval '60 seconds';

  -- Loads of those who may receive: alive, staying, and settled, so that a fleet starting together shares from the start.
  select array_agg(w.id order by w.id), array_agg(coalesce(l.load, 0) / w.capacity order by w.id), array_agg(w.capacity::numeric order by w.id)
    into v_ids, v_loads, v_capacities
    from public.workers w
    left join lateral (select sum(coalesce((w.loads->>s.shard::text)::int, 0) * 1000 + 1)::numeric as load from public.shards s where s.owner = w.id) l on true
    where w.expires_at > v_t and not w.draining and w.joined_at <= v_t - v_settle;

  if v_ids is not null then
    for v_shard in
      select s.shard, greatest(s.weight, n.running)::int as weight
        from public.shards s
        left join lateral (select count(*)::int as running from public.whatsapp_sessions x where x.shard = s.shard and x.desired = 'running') n on true
        where s.owner is null order by 2 desc, s.shard
    loop
      v_cost := v_shard.weight * 1000 + 1;
      v_best := 1;
      for i in 2 .. array_length(v_ids, 1) loop
        if v_loads[i] < v_loads[v_best] then v_best := i; end if;
      end loop;
      v_loads[v_best] := v_loads[v_best] + v_cost / v_capacities[v_best];
      if v_ids[v_best] = v_me then
        update public.shards h set owner = v_me, epoch = h.epoch + 1, weight = v_shard.weight
          where h.shard in (select shard from public.shards where shard = v_shard.shard and owner is null for update skip locked);
      end if;
    end loop;
  end if;

  if v_row.draining then
    select coalesce(array_agg(shard), '{}') into v_revoke from public.shards where owner = v_me;
  elsif array_length(v_ids, 1) > 1 then
    -- The common plan: the fullest gives the emptiest the shard that best halves their difference, a few times.
    while v_moves < (p->>'max_moves')::int loop
      v_high := 1; v_low := 1;
      for i in 2 .. array_length(v_ids, 1) loop
        if v_loads[i] > v_loads[v_high] then v_high := i; end if;
        if v_loads[i] < v_loads[v_low] then v_low := i; end if;
      end loop;
      v_gap := (v_loads[v_high] - v_loads[v_low]) * v_capacities[v_high];
      exit when v_gap <= greatest(1000, 0.1 * (select avg(x) from unnest(v_loads) x) * v_capacities[v_high]);
      select s.shard, coalesce((w.loads->>s.shard::text)::int, 0) * 1000 + 1 as cost into v_move
        from public.shards s join public.workers w on w.id = s.owner
        where s.owner = v_ids[v_high] and s.shard <> all (v_moved) and coalesce((w.loads->>s.shard::text)::int, 0) * 1000 + 1 <= v_gap / 2 + 1
          and not exists (select 1 from public.whatsapp_sessions x where x.shard = s.shard and x.status in ('awaiting_scan', 'awaiting_code'))
        order by 2 desc, s.shard limit 1;
      exit when v_move.shard is null;
      v_loads[v_high] := v_loads[v_high] - v_move.cost / v_capacities[v_high];
      v_loads[v_low] := v_loads[v_low] + v_move.cost / v_capacities[v_low];
      v_moved := v_moved || v_move.shard;
      v_moves := v_moves + 1;
      if v_ids[v_high] = v_me then v_revoke := v_revoke || v_move.shard; end if;
    end loop;
  end if;

  return jsonb_build_object(
    't_ms', (extract(epoch from v_t) * 1000)::bigint,
    'draining', v_row.draining,
    'owned', (select coalesce(jsonb_agg(jsonb_build_object('shard', s.shard, 'epoch', s.epoch, 'clean', s.clean,
        'sessions', (select count(*) from public.whatsapp_sessions x where x.shard = s.shard and (x.desired = 'running' or x.unlink))) order by s.shard), '[]')
      from public.shards s where s.owner = v_me),
    'revoke', to_jsonb(v_revoke),
    'workers', (select count(*) from public.workers where expires_at > v_t));
end $$;

-- Gives one shard back in good order; waits for a commit in flight. Returns whether it was ours to give.
create function public.release_shard(p_worker text, p_shard int, p_epoch bigint) returns boolean
language plpgsql set search_path = '' set lock_timeout = '2s' as $$
begin
  update public.shards set owner = null, clean = true where shard = p_shard and owner = p_worker and epoch = p_epoch;
  return found;
end $$;

-- Says goodbye: the worker's row goes, and with it any lease it did not release one by one.
create function public.leave_fleet(p_worker text) returns void
language sql set search_path = '' set lock_timeout = '2s' as $$
  update public.shards h set owner = null, clean = true
    where h.shard in (select shard from public.shards where owner = p_worker order by shard for update skip locked);
  delete from public.workers where id = p_worker
$$;

-- The sessions of some shards that want attention: those to run, those to unlink, and those whose last owner died before it
-- could stop them. With `p_sessions` only these.
create function public.load_sessions(p_shards int[], p_sessions uuid[] default null) returns jsonb
language plpgsql volatile set search_path = '' set plan_cache_mode = 'force_generic_plan' as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object(
    'id', s.id, 'tenant_id', s.tenant_id, 'name', s.name, 'shard', s.shard, 'network', s.network, 'desired', s.desired, 'generation', s.generation,
    'unlink', s.unlink, 'status', s.status, 'phone', s.phone, 'lid', s.lid, 'push_name', s.push_name, 'paired', s.paired_at is not null,
    'deadline_in_ms', greatest(0, (extract(epoch from s.status_deadline - clock_timestamp()) * 1000)::bigint),
    'pairing_attempt', s.pairing_attempt, 'auth_state', s.auth_state, 'pace_tat_ms', (extract(epoch from s.pace_tat) * 1000)::bigint,
    'changed_at', public.iso(s.changed_at)) order by s.shard, s.id), '[]')
  from public.whatsapp_sessions s
  where s.shard = any (p_shards) and (s.id = any (p_sessions) or p_sessions is null and (s.desired = 'running' or s.unlink
    or s.status not in ('stopped', 'conflict', 'logged_out', 'restricted', 'banned', 'failed'))));
end $$;

-- Signal keys by id: [{session_id, type, key_ids}] gives [{session_id, type, key_id, value}].
create function public.load_signal_keys(p_requests jsonb) returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = 'force_generic_plan' set enable_seqscan = 'off' as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_object('session_id', k.session_id, 'type', k.type, 'key_id', k.key_id, 'value', k.value)), '[]')
  from jsonb_to_recordset(p_requests) as r (session_id uuid, type text, key_ids text[])
  join public.whatsapp_signal_keys k on k.session_id = r.session_id and k.type = r.type and k.key_id = any (r.key_ids));
end $$;

do $$ declare f regprocedure; begin
  for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'public'::regnamespace
    and p.proname in ('worker_tick', 'release_shard', 'leave_fleet', 'load_sessions', 'load_signal_keys') loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
    execute format('grant execute on function %s to service_role', f);
  end loop;
end $$;
