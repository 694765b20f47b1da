import { join } from "node:path";
import postgres from "postgres";

import { migrate, readMigrations } from "./migrate.ts";

/**
 * Runs the pending migrations of this checkout on a Supabase database, hosted or self-hosted, and nothing else: roles
 * and auth tables are Supabase's own there. Standalone never does so to a remote database by itself.
 *
 * @param url a Postgres address with the right to create tables and functions
 * @returns the versions run now
 * @throws when the database is not Supabase's, or a migration fails or has changed
 */
export async function migrateDatabase(url: string): Promise<string[]> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => undefined });
  try {
    const [found] = await sql<Array<{ users: string | null }>>`select to_regclass('auth.users')::text as users`;
    if (!found?.users) {
      throw new Error("this database has no auth.users: it is not a Supabase database (start its auth service first)");
    }
    const folder = join(import.meta.dirname, "../../../../supabase/migrations");
    const ran = await migrate(sql, await readMigrations(folder));
    // PostgREST reads the schema once: without this it would not see what is new.
    await sql`notify pgrst, 'reload schema'`;
    return ran;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** What came of it, in a sentence. */
export function sayMigrated(ran: string[]): string {
  return ran.length === 0 ? "the database was up to date" : `ran ${ran.length} migrations: ${ran.join(", ")}`;
}
