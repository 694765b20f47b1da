import { openTestStack } from "@flotilla/shared/testing/fixtures";
import { execFile } from "node:child_process";
import { join } from "node:path";
import postgres from "postgres";
import { expect, test } from "vitest";

const PROGRAM = join(import.meta.dirname, "../src/migrate-database.ts");

/** Back to what a Supabase project is before its first migration: its own schemas, and nothing of ours. */
const EMPTY = `
do $$
declare mine record;
begin
  for mine in select nspname from pg_namespace where nspname !~ '^(pg_|information_schema$|auth$|extensions$)' loop
    execute format('drop schema %I cascade', mine.nspname);
  end loop;
end $$;
create schema public;`;

type Outcome = { status: number; stdout: string; stderr: string };

/** Runs the job as compose does, with nothing but its one variable. */
function runJob(databaseUrl?: string): Promise<Outcome> {
  const env = databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl };
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM], { env, cwd: "/" }, (error, stdout, stderr) => {
      resolve({ status: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

test("an empty database gets every migration, and a second run finds nothing to do", async () => {
  await using stack = await openTestStack();
  const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => undefined });
  await sql.unsafe(EMPTY);
  expect(await runJob(stack.databaseUrl)).toEqual({
    status: 0,
    stdout: expect.stringMatching(/^ran \d+ migrations/),
    stderr: "",
  });
  const tables = await sql`select 1 from pg_tables where schemaname = 'public' and tablename = 'whatsapp_messages'`;
  await sql.end();
  expect(tables).toHaveLength(1);
  expect(await runJob(stack.databaseUrl)).toEqual({ status: 0, stdout: "the database was up to date\n", stderr: "" });
});

test("a migration that fails ends the job with its name, so that no service starts", async () => {
  await using stack = await openTestStack();
  const sql = postgres(stack.databaseUrl, { max: 1, onnotice: () => undefined });
  await sql.unsafe("drop schema supabase_migrations cascade");
  await sql.end();
  const { status, stderr } = await runJob(stack.databaseUrl);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^migration \d+_tenants failed/);
});

test.each([
  ["no address", undefined, /DATABASE_URL is not set/],
  ["nobody there", "postgres://postgres:x@127.0.0.1:1/postgres", /ECONNREFUSED/],
])("%s: one line says so", async (_, url, words) => {
  const { status, stderr } = await runJob(url);
  expect(status).toBe(1);
  expect(stderr).toMatch(words);
  expect(stderr).not.toContain("    at ");
});
