import { Redis } from "ioredis";

const DEADLINE_MS = 5_000;
/** BullMQ refuses to work below the first and warns below the second. */
const LEAST_MAJOR = 5;
const WANTED = { major: 6, minor: 2 };

/**
 * Asks the Redis of `REDIS_URL` whether it will do.
 *
 * @returns warnings: it works, but may lose jobs or is old
 * @throws in one line that says why it cannot be used
 */
export async function checkRedis(url: string): Promise<string[]> {
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol)) {
    throw new Error("REDIS_URL is not a redis:// or rediss:// URL");
  }
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: DEADLINE_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  let reason = "";
  client.on("error", (error: Error) => {
    reason = error.message || ((error as NodeJS.ErrnoException).code ?? "");
  });
  try {
    await client.connect();
    return judge(await client.info());
  } catch (cause) {
    const why = reason || (cause instanceof Error ? cause.message : String(cause));
    throw new Error(`REDIS_URL: ${new URL(url).host} cannot be used: ${why}`, { cause });
  } finally {
    client.disconnect();
  }
}

/** Warnings drawn from the server's own description of itself. Throws when it is too old to work at all. */
export function judge(info: string): string[] {
  const warnings: string[] = [];
  const version = /^redis_version:(\d+)\.(\d+)/m.exec(info);
  const [major, minor] = [Number(version?.[1]), Number(version?.[2])];
  if (major < LEAST_MAJOR) throw new Error(`version ${major}.${minor} is too old, 6.2 or later is needed`);
  if (major < WANTED.major || (major === WANTED.major && minor < WANTED.minor)) {
    warnings.push(`Redis ${major}.${minor} is older than 6.2, the oldest that BullMQ is tested with`);
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy !== undefined && policy !== "noeviction") {
    warnings.push(`Redis has maxmemory-policy ${policy}: under memory pressure it drops jobs. Set it to noeviction`);
  }
  return warnings;
}
