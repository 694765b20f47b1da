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
  return ownFolder(`${PERSISTENT_TEMPORARY}/flotilla-cache-${userId()}`);
}

/** Where this checkout keeps its data unless told otherwise. Not created here. */
export function defaultDataFolder(checkout = checkoutFolder): string {
  const hash = createHash("sha256").update(checkout).digest("hex").slice(0, 12);
  return `${PERSISTENT_TEMPORARY}/flotilla-${hash}-${userId()}`;
}

/**
 * Makes a folder if need be and checks that it is ours alone to write.
 * Others may pass through (0711): Postgres runs as another user when we are root.
 *
 * @throws when it belongs to somebody else or is a link
 */
export function ownFolder(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== userId()) {
    throw new Error(
      `${folder} is not a folder of this user (uid ${userId()}); remove it or choose another with --data`,
    );
  }
  if ((found.mode & 0o777) !== 0o711) chmodSync(folder, 0o711);
  return folder;
}

function userId(): number {
  return process.getuid?.() ?? 0;
}
