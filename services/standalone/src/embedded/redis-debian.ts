import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { type RedisContext, type RedisFinding, type RedisProgram, redisVersion } from "./redis-program.ts";

const run = promisify(execFile);

/** Packages every Debian has, or that are no library: never fetched. */
const NOT_NEEDED = new Set(["libc6", "adduser"]);
const APT_DEADLINE_MS = 60_000;

/**
 * Redis from the archive of this machine's own Debian or Ubuntu, unpacked into a private folder: nothing is installed,
 * no account and no service is made, and it works without being root. `redis-check-rdb` of `redis-tools` is the server.
 */
export async function redisFromDebian(context: RedisContext): Promise<RedisFinding> {
  const root = join(context.cacheFolder, `redis-tools-${process.arch}`);
  try {
    if (!existsSync(root)) {
      const obstacle = await whyNot(context);
      if (obstacle !== null) return { kind: "absent", reason: obstacle };
      await fetchAndUnpack(context, root);
    }
    const program = await programIn(root);
    const version = await redisVersion(program);
    if (version.kind === "runs")
      return { kind: "program", program, from: `redis-tools ${version.version}, private copy` };
    await rm(root, { recursive: true, force: true });
    return { kind: "absent", reason: `Debian's redis-tools does not run here: ${version.reason}` };
  } catch (error) {
    const words = (error as { stderr?: string }).stderr?.trim() || (error as Error).message;
    return { kind: "absent", reason: `redis-tools could not be fetched from the package archive: ${words}` };
  }
}

async function whyNot({ mayDownload }: RedisContext): Promise<string | null> {
  if (!mayDownload) return "fetching redis-tools is switched off (FLOTILLA_NO_DOWNLOAD)";
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  if (!/^ID(?:_LIKE)?=.*(debian|ubuntu)/m.test(release)) return "this system is neither Debian nor Ubuntu";
  if (!existsSync("/usr/bin/apt-get") || !existsSync("/usr/bin/dpkg-deb")) return "apt-get or dpkg-deb is missing";
  return null;
}

async function fetchAndUnpack({ cacheFolder, say }: RedisContext, root: string): Promise<void> {
  say(
    "fetching redis-tools from this system's package archive into a private folder (about 2 MB, nothing is installed)",
  );
  await mkdir(cacheFolder, { recursive: true });
  const work = await mkdtemp(join(cacheFolder, "apt-"));
  try {
    const folders = { lists: join(work, "lists"), archives: join(work, "archives"), unpacked: join(work, "root") };
    for (const folder of Object.values(folders)) await mkdir(join(folder, "partial"), { recursive: true });
    const options = Object.entries({
      "Dir::State::Lists": folders.lists,
      "Dir::Cache": work,
      "Dir::Cache::archives": folders.archives,
      "Dir::State::status": "/var/lib/dpkg/status",
      // As root apt would otherwise become the user _apt, who cannot write to our folder.
      "APT::Sandbox::User": "root",
    }).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    const apt = (program: string, args: string[]) =>
      run(program, [...options, ...args], { cwd: folders.archives, timeout: APT_DEADLINE_MS });

    await apt("apt-get", ["-qq", "update"]);
    const needed = await missingLibraries((await apt("apt-cache", ["depends", "redis-tools"])).stdout);
    await apt("apt-get", ["-qq", "download", "redis-tools", ...needed]);
    for (const name of await readdir(folders.archives)) {
      if (name.endsWith(".deb")) await run("dpkg-deb", ["-x", join(folders.archives, name), folders.unpacked]);
    }
    await rename(folders.unpacked, root).catch((error: unknown) => {
      // Another start was faster: its copy is as good as ours.
      if (!existsSync(root)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The libraries redis-tools asks for that this machine does not have: a minimal one has hardly any. */
async function missingLibraries(dependencies: string): Promise<string[]> {
  const names = [...dependencies.matchAll(/^\s+Depends: (\S+)$/gm)].map((match) => match[1] as string);
  const missing: string[] = [];
  for (const name of names.filter((candidate) => !NOT_NEEDED.has(candidate))) {
    const { stdout } = await run("dpkg-query", ["-W", "-f", "${Status}", name]).catch(() => ({ stdout: "" }));
    if (!stdout.includes("install ok installed")) missing.push(name);
  }
  return missing;
}

async function programIn(root: string): Promise<RedisProgram> {
  const libraries: string[] = [];
  for (const parent of ["lib", "usr/lib"]) {
    const folder = join(root, parent);
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    // Debian keeps libraries one level down, in a folder named after the architecture.
    libraries.push(folder, ...entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name)));
  }
  return {
    command: join(root, "usr/bin/redis-check-rdb"),
    argv0: "redis-server",
    environment: { LD_LIBRARY_PATH: libraries.join(":") },
  };
}
