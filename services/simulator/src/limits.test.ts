import { describe, expect, it } from "vitest";
import { AccountLimits, limitsSchema } from "./limits.ts";

const limits = (of: Record<string, unknown>): AccountLimits => new AccountLimits(limitsSchema.parse(of), 0);
const verdicts = (of: AccountLimits, numbers: string[], now = 1): string[] =>
  numbers.map((number) => of.judge(number, false, now).kind);

describe("the limits of an account", () => {
  it("stop new chats while the reach-out lock lasts, not chats that exist", () => {
    const locked = limits({ reach_out_lock: { for_s: 10 } });
    expect(verdicts(locked, ["1"])).toEqual(["refused"]);
    expect(locked.judge("2", true, 1).kind).toBe("allowed");
    locked.met("3");
    expect(verdicts(locked, ["3"])).toEqual(["allowed"]);
    expect(verdicts(locked, ["1"], 10_000)).toEqual(["allowed"]);
  });

  it("count new chats, each once, until the cap, and again from zero in the next cycle", () => {
    const capped = limits({ new_chat_cap: { total: 3, used: 1, for_s: 60 } });
    expect(verdicts(capped, ["1", "1", "2", "3"])).toEqual([
      "allowed_and_counted",
      "allowed",
      "allowed_and_counted",
      "refused",
    ]);
    expect(capped.used).toBe(3);
    expect(verdicts(capped, ["3"], 60_000)).toEqual(["allowed_and_counted"]);
    expect(capped.used).toBe(1);
  });

  it("bring the lock by surprise when the hidden limit is passed", () => {
    const hidden = limits({ hidden_cold_limit: { new_chats: 2, lock_for_s: 5 } });
    expect(verdicts(hidden, ["1", "2", "3", "4"])).toEqual(["allowed", "allowed", "refused_and_locked", "refused"]);
    expect(verdicts(hidden, ["3"], 5002)).toEqual(["allowed"]);
  });
});
