-- Who runs which session: leases of shards, heartbeat, takeover and placement, all in database time.

-- Who shall have which shard; pure, the same for every worker that asks. Twin of domain/shard-assignment.ts, in the same arithmetic.
-- p: {workers: [{id, capacity, load, filled}] by id, free: [{shard, weight, prefer}] by weight descending and shard,
--     owned: [{shard, worker, weight, pairing}], max_moves, may_drift, drift_budget, drifted}. `load`: sum of weight * 1000 + 1.
-- Returns {claims: [{shard, worker}], moves: [{shard, from, to, drift}]}.
create function public.plan_shards(p jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  v_ids text[] := array(select w->>'id' from jsonb_array_elements(p->'workers') w);
  v_capacities float8[] := array(select (w->>'capacity')::float8 from jsonb_array_elements(p->'workers') w);
  v_loads float8[] := array(select (w->>'load')::float8 / (w->>'capacity')::float8 from jsonb_array_elements(p->'workers') w);
  v_filled boolean[] := array(select (w->>'filled')::boolean from jsonb_array_elements(p->'workers') w);
  v_count int := jsonb_array_length(p->'workers');
  v_claims jsonb := '[]';
  v_moves jsonb := '[]';
  v_moved int[] := '{}';
  v_budget int := (p->>'drift_budget')::int;
  v_drifted boolean := (p->>'drifted')::boolean;
  v_drift boolean;
  v_shard record;
  v_best int;
  v_high int;
  v_low int;
  v_gap float8;
  v_sum float8;
begin
  if v_count = 0 then return '{"claims": [], "moves": []}'; end if;

  -- The heaviest first, each to whoever has least, unless somebody is preferred.
  for v_shard in select f.* from jsonb_to_recordset(p->'free') as f (shard int, weight int, prefer text) loop
    v_best := array_position(v_ids, v_shard.prefer);
    if v_best is null then
      v_best := 1;
      for i in 2 .. v_count loop
        if v_loads[i] < v_loads[v_best] then v_best := i; end if;
      end loop;
    end if;
    v_loads[v_best] := v_loads[v_best] + (v_shard.weight * 1000 + 1) / v_capacities[v_best];
    v_claims := v_claims || jsonb_build_object('shard', v_shard.shard, 'worker', v_ids[v_best]);
  end loop;

  -- The fullest gives the emptiest the shard that best halves their difference, a few times. A worker that joined is
  -- filled; beyond that, what weights have drifted to is corrected slowly. Shards without sessions move nobody's load.
  while jsonb_array_length(v_moves) < (p->>'max_moves')::int loop
    v_high := 1; v_low := 1; v_sum := v_loads[1];
    for i in 2 .. v_count loop
      if v_loads[i] > v_loads[v_high] then v_high := i; end if;
      if v_loads[i] < v_loads[v_low] then v_low := i; end if;
      v_sum := v_sum + v_loads[i];
    end loop;
    v_gap := (v_loads[v_high] - v_loads[v_low]) * least(v_capacities[v_high], v_capacities[v_low]);
    exit when v_gap <= greatest(1000::float8, v_sum / v_count * least(v_capacities[v_high], v_capacities[v_low]) / 10);
    v_drift := v_filled[v_low];
    exit when v_drift and not (p->>'may_drift')::boolean;
    select o.shard, o.weight into v_shard
      from jsonb_to_recordset(p->'owned') as o (shard int, worker text, weight int, pairing boolean)
      where o.worker = v_ids[v_high] and o.weight > 0 and o.shard <> all (v_moved) and o.weight * 1000 + 1 <= v_gap / 2 + 1
        -- A shard is the least that can move, so one may be more than the budget.
        and (not v_drift or o.weight <= v_budget or not v_drifted)
      order by o.pairing, o.weight desc, o.shard limit 1;
    exit when not found;
    if v_drift then
      v_budget := v_budget - v_shard.weight;
      v_drifted := true;
    end if;
    v_loads[v_high] := v_loads[v_high] - (v_shard.weight * 1000 + 1) / v_capacities[v_high];
    v_loads[v_low] := v_loads[v_low] + (v_shard.weight * 1000 + 1) / v_capacities[v_low];
    v_moved := v_moved || v_shard.shard;
    v_moves := v_moves || jsonb_build_object('shard', v_shard.shard, 'from', v_ids[v_high], 'to', v_ids[v_low], 'drift', v_drift);
  end loop;
  return jsonb_build_object('claims', v_claims, 'moves', v_moves);
end $$;

-- One heartbeat of one worker: registers it, frees the shards of the dead, hands out free shards by load, plans moves.
-- p: {worker, ttl_ms, capacity, draining, rejoin, accepting?, links?, loads: {shard: running sessions}, opening, max_moves, settle_ms, host, version, ops_port,
--     rss_bytes, loop_lag_ms}.
-- `links` are logged in at WhatsApp. A worker that is not `accepting` cannot reach WhatsApp: its shards go to those who can, if there is one.
-- Returns {t_ms, draining, owned: [{shard, epoch, clean, sessions}], revoke: [shard], workers, links_elsewhere}. Every worker computes the same
-- greedy placement and takes only its own part of it, so a cold start spreads and nobody grabs everything.
-- Locks: the turn of ticks, then rows of `shards` that nobody else holds; it waits for no commit. An operator who sets
-- `draining` in a worker's row has its shards handed to the others; it gets none until it is set back.
create function public.worker_tick(p jsonb) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = 'force_generic_plan' set lock_timeout = '500ms' set statement_timeout = '3s' as $$
declare
  v_me text := p->>'worker';
  v_t timestamptz;
  v_row public.workers;
  v_settle interval := (p->>'settle_ms')::int * interval '1 millisecond';
  v_claim record;
  v_plan jsonb;
  v_sessions int;
  v_recent int;
  v_quiet boolean;
  v_revoke jsonb;
begin
  perform pg_advisory_xact_lock(hashtext('flotilla.worker_tick'));
  v_t := clock_timestamp();

  select * into v_row from public.workers where id = v_me;
  if v_row.id is null or v_row.expires_at <= v_t or (p->>'rejoin')::boolean then
    update public.shards h set owner = null, clean = false
      where h.shard in (select shard from public.shards where owner = v_me order by shard for update skip locked);
  end if;
  insert into public.workers as w (id, expires_at, joined_at, draining, capacity, loads, opening, host, version, ops_port, accepting, links, rss_bytes, loop_lag_ms)
    values (v_me, v_t + (p->>'ttl_ms')::int * interval '1 millisecond', v_t, (p->>'draining')::boolean, (p->>'capacity')::int,
            coalesce(p->'loads', '{}'), coalesce((p->>'opening')::int, 0), p->>'host', p->>'version', (p->>'ops_port')::int,
            coalesce((p->>'accepting')::boolean, true), coalesce((p->>'links')::int, 0), (p->>'rss_bytes')::bigint, (p->>'loop_lag_ms')::real)
    on conflict (id) do update set expires_at = excluded.expires_at, loads = excluded.loads, capacity = excluded.capacity, opening = excluded.opening,
      accepting = excluded.accepting, links = excluded.links, heartbeat_at = v_t, rss_bytes = excluded.rss_bytes, loop_lag_ms = excluded.loop_lag_ms,
      draining = w.draining or excluded.draining, joined_at = case when w.expires_at <= v_t then v_t else w.joined_at end,
      filled = w.filled and w.expires_at > v_t
    returning * into v_row;

  -- Reap: a shard whose owner has expired is free, and its last owner did not say goodbye.
  update public.shards h set owner = null, clean = false,
      weight = coalesce((select (w.loads->>h.shard::text)::int from public.workers w where w.id = h.owner), h.weight)
    where h.shard in (
      select s.shard from public.shards s left join public.workers w on w.id = s.owner
      where s.owner is not null and (w.id is null or w.expires_at <= v_t) order by s.shard for update of s skip locked);
  delete from public.workers where expires_at < v_t - interval '60 seconds';

  -- Drift waits for 30 s without a worker come or gone and without a session moved, and moves a twentieth of them a minute.
  v_sessions := (select count(*) from public.whatsapp_sessions where desired = 'running');
  v_recent := (select coalesce(sum(weight), 0) from public.shards where claimed_at > v_t - interval '60 seconds');
  v_quiet := not exists (select 1 from public.workers where greatest(joined_at, case when expires_at <= v_t then expires_at end) > v_t - interval '30 seconds')
    and not exists (select 1 from public.shards where claimed_at > v_t - interval '30 seconds' and weight > 0);
  -- Who may receive: alive, staying, and settled, so that a fleet starting together shares from the start.
  with receiver as materialized (
    select w.* from public.workers w where w.expires_at > v_t and not w.draining and w.joined_at <= v_t - v_settle
      and (w.accepting or not exists (select 1 from public.workers o where o.expires_at > v_t and not o.draining and o.accepting))
  ), held as materialized (
    select s.shard, s.owner, coalesce((w.loads->>s.shard::text)::int, 0) as weight from public.shards s join receiver w on w.id = s.owner
  ), pairing as materialized (
    select distinct x.shard from public.whatsapp_sessions x where x.desired = 'running' and x.status in ('awaiting_scan', 'awaiting_code')
  )
  select public.plan_shards(jsonb_build_object(
      'workers', coalesce((select jsonb_agg(jsonb_build_object('id', w.id, 'capacity', w.capacity, 'filled', w.filled,
          'load', (select coalesce(sum(h.weight * 1000 + 1), 0) from held h where h.owner = w.id)) order by w.id) from receiver w), '[]'),
      'free', coalesce((select jsonb_agg(jsonb_build_object('shard', f.shard, 'weight', f.weight, 'prefer', f.prefer) order by f.weight desc, f.shard) from (
          select s.shard, s.prefer, greatest(s.weight,
              (select count(*) from public.whatsapp_sessions x where x.shard = s.shard and x.desired = 'running'))::int as weight
            from public.shards s where s.owner is null) f), '[]'),
      'owned', coalesce((select jsonb_agg(jsonb_build_object('shard', h.shard, 'worker', h.owner, 'weight', h.weight,
          'pairing', h.shard in (select shard from pairing))) from held h
          where h.weight > 0), '[]'),
      'max_moves', p->'max_moves', 'may_drift', v_quiet, 'drift_budget', greatest(1, v_sessions / 20) - v_recent, 'drifted', v_recent > 0)) into v_plan;

  for v_claim in
    select c.shard, (select count(*)::int from public.whatsapp_sessions x where x.shard = c.shard and x.desired = 'running') as running
      from jsonb_to_recordset(v_plan->'claims') as c (shard int, worker text) where c.worker = v_me
  loop
    update public.shards h set owner = v_me, epoch = h.epoch + 1, weight = v_claim.running, claimed_at = v_t
      where h.shard in (select shard from public.shards where shard = v_claim.shard and owner is null for update skip locked);
  end loop;

  if v_row.draining or not v_row.accepting and exists (select 1 from public.workers o
    where o.id <> v_me and o.expires_at > v_t and not o.draining and o.accepting and o.joined_at <= v_t - v_settle) then
    v_revoke := (select coalesce(jsonb_agg(shard order by shard), '[]') from public.shards where owner = v_me);
  else
    -- One shard at a time, and none to a worker that is still opening what it was given last, for 5 s at most.
    v_revoke := (select coalesce(jsonb_agg(m.shard), '[]') from (
      select m.shard from jsonb_array_elements(v_plan->'moves') with ordinality as e (move, position),
          lateral jsonb_to_record(e.move) as m (shard int, "from" text, "to" text)
        join public.workers w on w.id = m."to"
        where m."from" = v_me and (w.opening = 0 or not exists (
          select 1 from public.shards s where s.owner = w.id and s.claimed_at > v_t - interval '5 seconds'))
        order by e.position limit 1) m);
    -- Until somebody has reported sessions there is nothing to fill it with.
    if not v_row.filled and exists (select 1 from public.workers w where w.expires_at > v_t and w.loads <> '{}') and v_row.joined_at <= v_t - v_settle
        and not exists (select 1 from jsonb_array_elements(v_plan->'moves') m where m->>'to' = v_me) then
      update public.workers set filled = true where id = v_me;
    end if;
  end if;

  return jsonb_build_object(
    't_ms', (extract(epoch from v_t) * 1000)::bigint,
    'draining', v_row.draining,
    'owned', (select coalesce(jsonb_agg(jsonb_build_object('shard', s.shard, 'epoch', s.epoch, 'clean', s.clean,
        'sessions', (select count(*) from public.whatsapp_sessions x where x.shard = s.shard and (x.desired = 'running' or x.unlink))) order by s.shard), '[]')
      from public.shards s where s.owner = v_me),
    'revoke', v_revoke,
    'workers', (select count(*) from public.workers where expires_at > v_t),
    'links_elsewhere', (select coalesce(sum(links), 0) from public.workers where expires_at > v_t and id <> v_me));
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
    'unlink', s.unlink, 'status', s.status, 'status_reason', s.status_reason, 'phone', s.phone, 'lid', s.lid, 'push_name', s.push_name, 'paired', s.paired_at is not null,
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
    and p.proname in ('plan_shards', 'worker_tick', 'release_shard', 'leave_fleet', 'load_sessions', 'load_signal_keys') loop
    execute format('revoke all on function %s from public, anon, authenticated', f);
    execute format('grant execute on function %s to service_role', f);
  end loop;
end $$;
