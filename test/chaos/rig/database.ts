import postgres from "postgres";

export interface OutboundRow {
  id: string;
  ref: string | null;
  campaign: string | null;
  session: string;
  sender: string;
  phone: string;
  lane: number;
  seq: number;
  wa: string;
  status: string;
  text_sha256: string;
}

export interface InboundRow {
  id: string;
  session: string;
  phone: string;
  wa: string;
}

/** Looks at the tables straight in Postgres, past proxies and row-level security. */
export type Database = Awaited<ReturnType<typeof openDatabase>>;

/** Connects, and sets up the one thing the harness adds: a trigger that writes down each change of a shard's owner. */
export async function openDatabase(url: string) {
  const sql = postgres(url, { max: 3, onnotice: () => undefined });
  await sql.unsafe(`
    create schema if not exists chaos;
    create table if not exists chaos.owners (n bigserial primary key, at timestamptz, shard int, owner text, epoch bigint);
    create or replace function chaos.note_owner() returns trigger language plpgsql security definer as $$
      begin insert into chaos.owners (at, shard, owner, epoch) values (clock_timestamp(), new.shard, new.owner, new.epoch); return null; end $$;
    create or replace trigger chaos_owner after update on public.shards for each row
      when (old.owner is distinct from new.owner or old.epoch is distinct from new.epoch) execute function chaos.note_owner();`);
  return {
    sessions: () => sql<{ id: string; phone: string; shard: number; status: string }[]>`
      select id, phone, shard, status from public.whatsapp_sessions order by phone`,
    /** Changes of ownership after a line number, oldest first; `at` is milliseconds since 1970. */
    owners: (after: number) => sql<{ n: number; at: number; shard: number; owner: string | null; epoch: number }[]>`
      select n::int, (extract(epoch from at) * 1000)::float8 as at, shard, owner, epoch::int from chaos.owners where n > ${after} order by n`,
    lastOwner: async () => (await sql<{ n: number }[]>`select coalesce(max(n), 0)::int as n from chaos.owners`)[0]!.n,
    currentOwners: () => sql<{ shard: number; owner: string | null; epoch: number }[]>`
      select shard, owner, epoch::int from public.shards`,
    /** Outbound messages to numbers that start so. */
    outbound: (prefix: string) =>
      sql<OutboundRow[]>`
      select m.id, m.client_ref as ref, m.campaign_id as campaign, m.session_id as session, s.phone as sender,
        split_part(m.jid, '@', 1) as phone, m.lane::int, m.seq::int, m.wa_message_id as wa, m.status,
        encode(sha256(convert_to(m.content->>'body', 'UTF8')), 'hex') as text_sha256
      from public.whatsapp_messages m join public.whatsapp_sessions s on s.id = m.session_id
      where m.direction = 'out' and m.jid like ${`${prefix}%`} order by m.session_id, m.lane, m.seq`.cursor(2_000),
    inbound: (prefix: string) =>
      sql<InboundRow[]>`
      select m.id, m.session_id as session, c.phone, m.wa_message_id as wa from public.whatsapp_messages m
      join public.contacts c on c.id = m.contact_id where m.direction = 'in' and c.phone like ${`%${prefix}%`}`.cursor(
        2_000,
      ),
    countInbound: async (prefix: string) =>
      (
        await sql<{ n: number }[]>`
          select count(*)::int as n from public.whatsapp_messages m join public.contacts c on c.id = m.contact_id
          where m.direction = 'in' and c.phone like ${`%${prefix}%`}`
      )[0]!.n,
    /** Outbound messages without an end. */
    unfinished: async () =>
      (
        await sql<{ n: number }[]>`select count(*)::int as n from public.whatsapp_messages
          where direction = 'out' and status in ('queued', 'held', 'sending', 'unknown')`
      )[0]!.n,
    /** How many workers have an unexpired heartbeat. */
    liveWorkers: async () =>
      (
        await sql<{ n: number }[]>`select count(*)::int as n from public.workers where expires_at > clock_timestamp()`
      )[0]!.n,
    /** Locks the recipients of all campaigns against changes, so that planning waits. */
    async holdRecipients() {
      const waiting = () =>
        sql`select pid from pg_locks where relation = 'public.campaign_recipients'::regclass and not granted`;
      const connection = await sql.reserve();
      await connection`begin`;
      await connection`lock table public.campaign_recipients in exclusive mode`;
      return {
        isWaitedFor: async () => (await waiting()).length > 0,
        /** Ends the calls that wait: their callers are dead, which Postgres cannot know. */
        endWaiters: async () => {
          await sql`select pg_terminate_backend(pid) from pg_locks where relation = 'public.campaign_recipients'::regclass and not granted`;
        },
        release: async () => {
          await connection`rollback`;
          connection.release();
        },
      };
    },
    [Symbol.asyncDispose]: () => sql.end({ timeout: 2 }),
  };
}
