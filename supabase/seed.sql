-- For `supabase start`: one member to sign in with at a local development stack. Real projects never run this.
-- The password is set through the auth API by whoever signs up; here a confirmed member without one is made, and the
-- trigger on auth.users gives that member a tenant. Sign in by a magic link from the local mail catcher.
insert into auth.users (instance_id, id, aud, role, email, email_confirmed_at, created_at, updated_at, raw_app_meta_data, raw_user_meta_data)
select '00000000-0000-0000-0000-000000000000', '01990000-0000-7000-8000-000000000001', 'authenticated', 'authenticated',
       'dev@example.com', now(), now(), now(), '{"provider": "email", "providers": ["email"]}', '{}'
where not exists (select 1 from auth.users where email = 'dev@example.com');

-- Two sessions to look at, stopped, so that no worker dials anything by itself.
insert into public.whatsapp_sessions (id, tenant_id, name, display_name, network, shard, desired, status)
select v.id::uuid, m.tenant_id, v.name, v.display_name, 'simulated', v.shard, 'stopped', 'stopped'
from public.tenant_members m,
  (values ('01990000-0000-7000-8000-000000000011', 'sales', 'Sales', 17), ('01990000-0000-7000-8000-000000000012', 'support', 'Support', 42)) as v (id, name, display_name, shard)
where m.user_id = '01990000-0000-7000-8000-000000000001'
on conflict do nothing;
