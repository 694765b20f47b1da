import { expect, test } from "vitest";

import { judge } from "./given-redis.ts";

const info = (version: string, policy: string) => `redis_version:${version}\r\nmaxmemory_policy:${policy}\r\n`;

test.each([
  ["7.0.15", "noeviction", []],
  ["6.2.0", "noeviction", []],
  ["6.0.16", "noeviction", ["older than 6.2"]],
  ["7.2.4", "allkeys-lru", ["maxmemory-policy allkeys-lru"]],
])("Redis %s with %s", (version, policy, warnings) => {
  const found = judge(info(version, policy));
  expect(found).toHaveLength(warnings.length);
  for (const [index, words] of warnings.entries()) expect(found[index]).toContain(words);
});

test("a Redis too old for BullMQ is refused", () => {
  expect(() => judge(info("4.0.9", "noeviction"))).toThrow("version 4.0 is too old");
});
