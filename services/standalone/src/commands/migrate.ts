import { join } from "node:path";
import postgres from "postgres";

import { checkoutFolder } from "../embedded/folders.ts";
import { migrate, readMigrations } from "../embedded/migrate.ts";
import type { Options } from "../options.ts";

/**
 * `migrate --database-url …` (or `DATABASE_URL`): runs the pending migrations on a Supabase database, hosted or
 * self-hosted, and nothing else: roles and auth tables are Supabase's own there.
 *
 * @throws when the database is not Supabase's, or a migration fails or has changed
 */
export async function migrateCommand({ databaseUrl }: Options): Promise<number> {
  if (!databaseUrl) throw new Error("migrate needs --database-url or DATABASE_URL: the Postgres connection string");
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10 });
  try {
    const [found] = await sql<Array<{ users: string | null }>>`select to_regclass('auth.users')::text as users`;
    if (!found?.users) {
      throw new Error("this database has no auth.users: it is not a Supabase database (start its auth service first)");
    }
    const ran = await migrate(sql, await readMigrations(join(checkoutFolder, "supabase/migrations")));
    console.log(ran.length > 0 ? `migrations run: ${ran.join(", ")}` : "nothing to do: every migration has run");
    return 0;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
