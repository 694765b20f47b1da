import { join } from "node:path";
import postgres from "postgres";

import { migrate, readMigrations } from "./embedded/migrate.ts";

// Brings the database of DATABASE_URL up to date, then ends: the `migrate` job of docker-compose.yml, and the explicit
// command for a database of one's own. Standalone never migrates a remote database by itself.

const url = process.env["DATABASE_URL"];
if (url === undefined || url === "") {
  console.error("DATABASE_URL is not set: a Postgres address with the right to create tables and functions");
  process.exit(1);
}

const sql = postgres(url, { max: 1, connect_timeout: 10, onnotice: () => undefined });
try {
  const done = await migrate(sql, await readMigrations(join(import.meta.dirname, "../../../supabase/migrations")));
  // PostgREST reads the schema once: without this it would not see what is new.
  await sql`notify pgrst, 'reload schema'`;
  console.log(done.length === 0 ? "the database was up to date" : `ran ${done.length} migrations: ${done.join(", ")}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await sql.end();
}
