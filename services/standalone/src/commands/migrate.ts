import { migrateDatabase, sayMigrated } from "../embedded/migrate-database.ts";
import type { Options } from "../options.ts";

/**
 * `migrate --database-url …` (or `DATABASE_URL`): brings a Supabase database of one's own up to date.
 *
 * @throws when no database is named, it is not Supabase's, or a migration fails or has changed
 */
export async function migrateCommand({ databaseUrl }: Options): Promise<number> {
  if (!databaseUrl) throw new Error("migrate needs --database-url or DATABASE_URL: the Postgres connection string");
  console.log(sayMigrated(await migrateDatabase(databaseUrl)));
  return 0;
}
