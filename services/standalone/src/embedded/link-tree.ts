import { chmod, copyFile, link, lstat, mkdir, mkdtemp, readdir, rename, rm, symlink } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** A tree to rebuild elsewhere. */
export type LinkTree = {
  source: string;
  /** Keyed by version: an existing one is taken as it is, for it was put there in one step. */
  target: string;
  /** Links to make inside the tree, relative to it. */
  links: Array<{ path: string; pointsTo: string }>;
};

/**
 * Rebuilds a folder of programs as hard links, readable by everybody: no bytes are copied, unless the two places are on
 * different disks or the system forbids linking files of another owner.
 *
 * @returns the target folder
 */
export async function linkTree({ source, target, links }: LinkTree): Promise<string> {
  if (existsSync(target)) return target;
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  const draft = await mkdtemp(join(parent, "draft-"));
  try {
    await chmod(draft, 0o755);
    await copyByLink(source, draft);
    for (const { path, pointsTo } of links) {
      if (await lstat(join(draft, path)).catch(() => null)) continue;
      await symlink(pointsTo, join(draft, path));
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another start may have finished the same tree first: then theirs is as good as ours.
    if (!existsSync(target)) throw error;
  }
  return target;
}

async function copyByLink(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) {
      await mkdir(target, { mode: 0o755 });
      await chmod(target, 0o755);
      await copyByLink(source, target);
    } else if (entry.isFile()) {
      await linkOrCopy(source, target);
    }
    // Links are made from the package's own list, whether or not its install script ran.
  }
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  const mode = (await lstat(source)).mode & 0o777;
  const readable = (mode & 0o004) !== 0;
  try {
    // A file closed to others stays closed through a hard link, and opening it would change npm's copy: copy instead.
    if (!readable) throw Object.assign(new Error("closed to others"), { code: "EACCES" });
    await link(source, target);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "EXDEV" && code !== "EPERM" && code !== "EACCES" && code !== "EMLINK") throw error;
    await copyFile(source, target);
    await chmod(target, mode | 0o444 | (mode & 0o100 ? 0o111 : 0));
  }
}
