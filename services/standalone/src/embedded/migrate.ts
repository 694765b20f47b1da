import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Sql } from "postgres";

/** One file of `supabase/migrations`, named `<version>_<name>.sql` as the Supabase CLI does. */
export type Migration = { version: string; name: string; sql: string; checksum: string };

/** Any number will do, as long as every migrator takes the same one. */
const MIGRATION_LOCK = 20_261_124;

/**
 * Reads a folder of migrations in the order of their versions.
 *
 * @throws when two files carry one version, or a file's name has none
 */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  const migrations: Migration[] = [];
  for (const file of names) {
    const match = /^(\d+)_(.+)\.sql$/.exec(file);
    if (!match) throw new Error(`${file} is not named <version>_<name>.sql`);
    const [version, name] = [match[1] as string, match[2] as string];
    if (migrations.some((earlier) => earlier.version === version))
      throw new Error(`two migrations are version ${version}`);
    const sql = await readFile(join(folder, file), "utf8");
    migrations.push({ version, name, sql, checksum: createHash("sha256").update(sql).digest("hex") });
  }
  return migrations;
}

/**
 * Runs what is pending, each file in one transaction with its row in the version table, so a file is either there whole
 * or not at all. Versions recorded by the Supabase CLI count as done.
 *
 * @returns the versions run now
 * @throws when a file that ran has changed since, or with the file's name when its SQL fails
 */
export async function migrate(sql: Sql, migrations: Migration[]): Promise<string[]> {
  const connection = await sql.reserve();
  try {
    await connection`select pg_advisory_lock(${MIGRATION_LOCK})`;
    await connection.unsafe(VERSION_TABLES);
    const rows = await connection<Array<{ version: string; checksum: string | null }>>`
      select v.version, c.checksum
      from supabase_migrations.schema_migrations v
      left join supabase_migrations.checksums c using (version)`;
    const done = new Map(rows.map((row) => [row.version, row.checksum]));
    const pending: Migration[] = [];
    for (const migration of migrations) {
      const checksum = done.get(migration.version);
      if (checksum === undefined) pending.push(migration);
      else if (checksum !== null && checksum !== migration.checksum) {
        throw new Error(
          `migration ${migration.version}_${migration.name} has changed since it ran on this database. ` +
            "Put the old text back and write a new migration, or empty a local database with npm run reset.",
        );
      }
    }
    for (const migration of pending) await runOne(connection, migration);
    return pending.map((migration) => migration.version);
  } finally {
    await connection`select pg_advisory_unlock(${MIGRATION_LOCK})`.catch(() => undefined);
    connection.release();
  }
}

async function runOne(connection: Pick<Sql, "unsafe">, migration: Migration): Promise<void> {
  await connection.unsafe("begin");
  try {
    await connection.unsafe(migration.sql);
    const { version, name, checksum } = migration;
    await connection.unsafe("insert into supabase_migrations.schema_migrations (version, name) values ($1, $2)", [
      version,
      name,
    ]);
    await connection.unsafe("insert into supabase_migrations.checksums (version, checksum) values ($1, $2)", [
      version,
      checksum,
    ]);
    await connection.unsafe("commit");
  } catch (cause) {
    await connection.unsafe("rollback");
    const { message, position } = cause as { message: string; position?: string };
    const line = position ? `, line ${migration.sql.slice(0, Number(position)).split("\n").length}` : "";
    throw new Error(`migration ${migration.version}_${migration.name} failed${line}: ${message}`, { cause });
  }
}

/** The first table is the Supabase CLI's own, column for column, so that both tools see one history. */
const VERSION_TABLES = `
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
  version text not null primary key, statements text[], name text
);
create table if not exists supabase_migrations.checksums (
  version text not null primary key, checksum text not null, applied_at timestamptz not null default now()
);`;
