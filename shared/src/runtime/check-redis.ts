import { Redis } from "ioredis";
import { AppError } from "../contract/problem.ts";
import type { Logger } from "./logger.ts";

const oldestVersion = [6, 2] as const;

/**
 * Asks Redis once, at start-up. Throws `unavailable` with a sentence that names the address and the cause; warns when the
 * version or the eviction policy would lose jobs. Takes at most about 3 seconds.
 */
export async function checkRedis({ url, logger }: { url: string; logger: Logger }): Promise<void> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 3_000,
    commandTimeout: 3_000,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
  });
  let cause: unknown;
  client.on("error", (error: unknown) => (cause = error));
  try {
    await client.connect();
    const facts = parseInfo(await client.info());
    for (const warning of judgeRedis(facts)) logger.warn(warning);
  } catch (error) {
    cause ??= error;
    throw new AppError("unavailable", `REDIS_URL ${hidePassword(url)} cannot be used: ${explain(cause)}`, { cause });
  } finally {
    client.disconnect();
  }
}

/** What is wrong with a Redis that answers; empty when nothing is. */
export function judgeRedis(facts: ReadonlyMap<string, string>): string[] {
  const warnings: string[] = [];
  const version = facts.get("redis_version") ?? "unknown";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1]))
    warnings.push(
      `Redis ${version} is older than ${oldestVersion.join(".")}, the oldest that BullMQ supports; update it`,
    );
  const policy = facts.get("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction")
    warnings.push(`Redis evicts keys (maxmemory-policy ${policy}); set noeviction, or queued jobs may vanish`);
  return warnings;
}

/** The `name:value` lines of Redis' INFO. */
export function parseInfo(info: string): Map<string, string> {
  const pairs = info.split(/\r?\n/).filter((line) => line.includes(":") && !line.startsWith("#"));
  return new Map(pairs.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

function explain(cause: unknown): string {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ECONNREFUSED") return "nothing listens there (ECONNREFUSED). Is Redis running?";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `the host name is unknown (${code})`;
  if (/NOAUTH|WRONGPASS|invalid password/i.test(error.message)) return `the password was refused (${error.message})`;
  if (code === "ETIMEDOUT" || /timed out|timeout/i.test(error.message))
    return `no answer within 3 s (${error.message})`;
  return error.message;
}

/** The address without its password. */
export function hidePassword(url: string): string {
  return url.replace(/\/\/([^@/]*)@/, (_, login: string) => `//${login.split(":")[0]}:***@`);
}
