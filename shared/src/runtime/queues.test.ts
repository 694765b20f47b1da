import { describe, expect, it } from "vitest";
import { deduplicationId, queuePrefix } from "./queues.ts";

const session = "0198c0de-7a00-7000-8000-000000000000";

describe("queues", () => {
  it("gives each shard a prefix that keeps its keys in one slot", () => {
    expect(queuePrefix("cmd", 17)).toBe("{wa:17}");
    expect(queuePrefix("campaigns", undefined)).toBe("{wa:c}");
    expect(() => queuePrefix("cmd", undefined)).toThrow("shard");
  });

  it("gives a timer an id of its own, and no id a colon", () => {
    const payload = { session, lane: 2 };
    expect(deduplicationId("outbox.wake", payload)).toBe(`outbox-wake-${session}-2`);
    expect(deduplicationId("outbox.wake", payload, 500)).toBe(`timer-outbox-wake-${session}-2`);
  });
});
