import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The root of this checkout. */
export const checkoutFolder = fileURLToPath(new URL("../../../../", import.meta.url));

/** The system's persistent temporary area: it survives a reboot, and the unprivileged Postgres user can reach it. */
const PERSISTENT_TEMPORARY = "/var/tmp";

/**
 * Things that can be fetched or rebuilt: link trees, the private Redis. Shared by all checkouts of this user.
 *
 * @throws when the folder exists and belongs to somebody else, who could have put programs into it
 */
export function cacheFolder(): string {
  const folder = `${PERSISTENT_TEMPORARY}/flotilla-cache-${userId()}`;
  try {
    return ownFolder(folder);
  } catch (cause) {
    throw new Error(`${folder} cannot be used: ${(cause as Error).message}. Remove it`, { cause });
  }
}

/**
 * For `NODE_COMPILE_CACHE`: compiled and type-stripped modules, kept between starts. Takes about 40 % off the CPU that a
 * service spends on loading itself, which is most of a start on two cores.
 */
export function compileCacheFolder(): string {
  return `${cacheFolder()}/compiled`;
}

/** Where this checkout keeps its data unless told otherwise. Not created here. */
export function defaultDataFolder(checkout = checkoutFolder): string {
  const hash = createHash("sha256").update(checkout).digest("hex").slice(0, 12);
  return `${PERSISTENT_TEMPORARY}/flotilla-${hash}-${userId()}`;
}

/**
 * Makes a folder if need be (0711: others may pass through, because Postgres runs as another user when we are root) and
 * checks that nobody else can put anything into it.
 *
 * @throws when it belongs to somebody else, is a link, or others may write to it
 */
export function ownFolder(folder: string): string {
  if (mkdirSync(folder, { recursive: true, mode: 0o711 }) !== undefined) chmodSync(folder, 0o711);
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== userId()) {
    throw new Error(`it is not a folder of this user (uid ${userId()})`);
  }
  if ((found.mode & 0o022) !== 0) throw new Error("other users may write to it");
  return folder;
}

function userId(): number {
  return process.getuid?.() ?? 0;
}
