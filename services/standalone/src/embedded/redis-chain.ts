import { redisFromDebian } from "./redis-debian.ts";
import { redisFromDocker } from "./redis-docker.ts";
import {
  redisOnPath,
  redisToolsOnPath,
  type RedisContext,
  type RedisFinding,
  type RedisLink,
} from "./redis-program.ts";

/** The order in which a Redis is looked for when no `REDIS_URL` names one. */
export const redisLinks: Record<"path" | "tools" | "debian" | "docker", RedisLink> = {
  path: redisOnPath,
  tools: redisToolsOnPath,
  debian: redisFromDebian,
  docker: redisFromDocker,
};

/**
 * Walks the chain until a link has a Redis.
 *
 * @throws when none has: the message names the three ways out, and why each link had nothing
 */
export async function findRedis(
  context: RedisContext,
  links: RedisLink[] = Object.values(redisLinks),
): Promise<Exclude<RedisFinding, { kind: "absent" }>> {
  const reasons: string[] = [];
  for (const link of links) {
    const finding = await link(context);
    if (finding.kind !== "absent") return finding;
    reasons.push(finding.reason);
  }
  throw new Error(
    "no Redis was found. Three ways out: set REDIS_URL to a Redis 6.2 or later, install redis-server or valkey, " +
      `or start Docker.\n${reasons.map((reason) => `  - ${reason}`).join("\n")}`,
  );
}
