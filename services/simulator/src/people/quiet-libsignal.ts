/**
 * The signal library prints whole Signal sessions, keys included, when it replaces or cannot use one
 * (libsignal 6.0.0, src/session_record.js and src/session_cipher.js). The phones of this network meet that all the
 * time, so the console of this process stays silent; our own words go through the logger.
 */
export function quietLibsignal(): void {
  const silent = (): void => undefined;
  Object.assign(globalThis["console"], { info: silent, warn: silent, error: silent });
}
