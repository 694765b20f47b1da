import { openTestStack, type TestStack } from "@flotilla/shared/testing/fixtures";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planShards, type ShardPlan } from "../src/domain/shard-assignment.ts";
import { randomPlacement, seeded } from "./random-placement.ts";
import { openTenant, type TestTenant } from "./stack-helpers.ts";

let stack: TestStack;
let tenant: TestTenant;

beforeAll(async () => {
  stack = await openTestStack();
  tenant = await openTenant(stack);
});
afterAll(() => stack[Symbol.asyncDispose]());

test("the plan in SQL and its twin agree on random fleets", async () => {
  for (let seed = 5_000; seed < 5_080; seed++) {
    const placement = randomPlacement(seeded(seed));
    const plan = await tenant.call<ShardPlan>("plan_shards", { p: placement });
    expect(plan, `seed ${seed}`).toEqual(planShards(placement));
  }
});

describe("moves", () => {
  const loadsOf = (owned: { shard: number }[]) => Object.fromEntries(owned.map(({ shard }) => [shard, 1]));
  const ownedBy = async (worker: string) => (await tenant.tick(worker)).owned;

  test("a worker that joined is filled shard by shard, and waits while it is still opening", async () => {
    for (let n = 0; n < 8; n++) await tenant.createSession(`fill-${n}`, 20 + n);
    const all = (await ownedBy("old")).filter(({ shard }) => shard >= 20 && shard < 28);
    await tenant.tick("new");
    const asked = (await tenant.tick("old", { loads: loadsOf(all) })).revoke;
    expect(asked).toHaveLength(1);
    const lease = all.find(({ shard }) => shard === asked[0])!;
    await tenant.call("release_shard", { p_worker: "old", p_shard: lease.shard, p_epoch: lease.epoch });
    const rest = loadsOf(all.filter(({ shard }) => shard !== lease.shard));
    const taken = (await tenant.tick("new", { opening: 1, loads: { [lease.shard]: 1 } })).owned;
    expect(taken.map(({ shard }) => shard)).toEqual([lease.shard]);
    // Claimed a moment ago and not open yet.
    await tenant.tick("new", { opening: 1, loads: { [lease.shard]: 1 } });
    expect((await tenant.tick("old", { loads: rest })).revoke).toEqual([]);
    await tenant.tick("new", { opening: 0, loads: { [lease.shard]: 1 } });
    expect((await tenant.tick("old", { loads: rest })).revoke).toHaveLength(1);
  });

  test("a worker that an operator drains is asked for everything and given nothing, until that is taken back", async () => {
    const before = await ownedBy("old");
    await tenant.client.from("workers").update({ draining: true }).eq("id", "old");
    const answer = await tenant.tick("old");
    expect(answer.draining).toBe(true);
    expect(new Set(answer.revoke)).toEqual(new Set(before.map(({ shard }) => shard)));
    for (const { shard, epoch } of before)
      await tenant.call("release_shard", { p_worker: "old", p_shard: shard, p_epoch: epoch });
    expect((await tenant.tick("old")).owned).toEqual([]);
    expect((await tenant.tick("new")).owned).toHaveLength(128);
    await tenant.client.from("workers").update({ draining: false }).eq("id", "old");
    expect((await tenant.tick("old")).draining).toBe(false);
  });

  test("weights that drifted wait for half a quiet minute", async () => {
    await tenant.client.from("workers").update({ filled: true, draining: false }).neq("id", "");
    const mine = await ownedBy("new");
    const loads = loadsOf(mine.filter(({ shard }) => shard >= 20 && shard < 28));
    await tenant.tick("old");
    expect((await tenant.tick("new", { loads })).revoke).toEqual([]);
    const longAgo = new Date(Date.now() - 120_000).toISOString();
    await tenant.client.from("workers").update({ joined_at: longAgo }).neq("id", "");
    await tenant.client.from("shards").update({ claimed_at: longAgo }).gte("shard", 0);
    expect((await tenant.tick("new", { loads })).revoke).toHaveLength(1);
  });
});
