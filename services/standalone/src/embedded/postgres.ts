import { execFile } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { type Child, startChild, stopChild } from "./child.ts";
import { freePort } from "./free-port.ts";
import { endLeftover } from "./leftovers.ts";
import { findPostgresBinaries, POSTGRES_ENVIRONMENT, type PostgresBinaries } from "./postgres-binaries.ts";

const run = promisify(execFile);

/** The major that Supabase runs, and the one in the pinned package. */
const POSTGRES_MAJOR = "17";
const START_DEADLINE_MS = 30_000;
/** The fast shutdown writes a checkpoint first; a cluster of a demonstration needs well under this. */
const STOP_DEADLINE_MS = 20_000;

/** A running cluster, on loopback only. */
export type Postgres = AsyncDisposable & {
  readonly port: number;
  readonly child: Child;
  /** Connection string of one database of this cluster, with its password. */
  url(database: string): string;
};

export type PostgresOptions = {
  /** Folder that holds the cluster (as `cluster`); made when missing. Must be reachable by other users when we are root. */
  folder: string;
  /** Of the superuser `postgres`. Asked for on every connection, TCP on loopback included. */
  password: string;
  port?: number;
  /** Upper bound of connections; each embedded Supabase API takes ten. */
  maxConnections?: number;
  /** False lets acknowledged writes be lost by a power cut (never by a killed process); for tests. Default true. */
  durable?: boolean;
};

/**
 * Starts Postgres on a folder of its own, creating the cluster the first time (0.6 to 1.3 s; a warm start takes 50 ms).
 * `fsync` stays on unless told otherwise: what it acknowledged is on the disk.
 *
 * @throws when the folder holds another major version, or with the server's last words when it does not come up
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const binaries = await findPostgresBinaries();
  const cluster = join(options.folder, "cluster");
  mkdirSync(options.folder, { recursive: true });
  if (existsSync(join(cluster, "PG_VERSION"))) refuseOtherMajor(cluster);
  else await createCluster(binaries, options.folder, cluster, options.password);
  await endLeftoverPostgres(cluster);

  const port = options.port ?? (await freePort());
  const child = await spawnPostgres(binaries, cluster, {
    port: String(port),
    max_connections: String(options.maxConnections ?? 200),
    fsync: options.durable === false ? "off" : "on",
  });
  return {
    port,
    child,
    url: (database) => `postgres://postgres:${encodeURIComponent(options.password)}@127.0.0.1:${port}/${database}`,
    // SIGINT is the fast shutdown: sessions end at once, everything committed is written.
    [Symbol.asyncDispose]: () => stopChild(child, "SIGINT", STOP_DEADLINE_MS),
  };
}

function refuseOtherMajor(cluster: string): void {
  const major = readFileSync(join(cluster, "PG_VERSION"), "utf8").trim();
  if (major === POSTGRES_MAJOR) return;
  throw new Error(
    `${cluster} was written by Postgres ${major}, and this version runs Postgres ${POSTGRES_MAJOR}. ` +
      "Move the folder away to begin anew, or dump it with the old version and load it into the new one.",
  );
}

/** Under another name until complete, so that a start killed half-way leaves nothing that looks like a cluster. */
async function createCluster(
  { folder: programs, identity }: PostgresBinaries,
  folder: string,
  cluster: string,
  password: string,
): Promise<void> {
  const draft = join(folder, "cluster.draft");
  const passwordFile = join(folder, "cluster.password");
  rmSync(draft, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (identity.uid !== undefined && identity.gid !== undefined) {
    chownSync(draft, identity.uid, identity.gid);
    chownSync(passwordFile, identity.uid, identity.gid);
  }
  const args = ["-D", draft, "-U", "postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  args.push("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions");
  try {
    await run(join(programs, "bin", "initdb"), args, { ...identity, cwd: "/", env: POSTGRES_ENVIRONMENT });
    chmodSync(draft, 0o700);
    renameSync(draft, cluster);
  } catch (cause) {
    const words = (cause as { stderr?: string }).stderr ?? String(cause);
    throw new Error(`initdb failed in ${folder}: ${words.trim()}`, { cause });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function spawnPostgres(
  { folder: programs, identity }: PostgresBinaries,
  cluster: string,
  chosen: { port: string; max_connections: string; fsync: "on" | "off" },
): Promise<Child> {
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    shared_buffers: "128MB",
    wal_level: "logical",
    ...chosen,
  };
  const args = ["-D", cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const ready = Promise.withResolvers<"ready">();
  const child = await startChild(join(programs, "bin", "postgres"), args, {
    ...identity,
    cwd: "/",
    env: POSTGRES_ENVIRONMENT,
    onLine: (line) => {
      if (line.includes("database system is ready to accept connections")) ready.resolve("ready");
    },
  });
  const timer = setTimeout(() => child.process.kill("SIGKILL"), START_DEADLINE_MS);
  const outcome = await Promise.race([ready.promise, child.exited]);
  clearTimeout(timer);
  if (outcome !== "ready") throw new Error(`Postgres did not start on port ${chosen.port}:\n${child.lastLines()}`);
  return child;
}

async function endLeftoverPostgres(cluster: string): Promise<void> {
  const pidFile = join(cluster, "postmaster.pid");
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  await endLeftover({ pid, commandLineHas: cluster, signal: "SIGINT", deadlineMs: STOP_DEADLINE_MS });
}
