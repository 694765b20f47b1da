import type { Redis } from "ioredis";

/** How long a script may take before its caller decides alone. The connection waits out outages, its callers must not. */
const withinMs = 500;

/**
 * Runs a small script, whole and alone on the server. Rejects when Redis is away or slow; the script may then have run all
 * the same.
 */
export async function runScript(
  redis: Redis,
  script: string,
  keys: string[],
  args: (string | number)[],
): Promise<unknown> {
  if (redis.status !== "ready") throw new Error("Redis is away");
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not answer within ${withinMs} ms`)), withinMs);
  });
  try {
    return await Promise.race([redis.eval(script, keys.length, ...keys, ...args), late]);
  } finally {
    clearTimeout(timer);
  }
}
