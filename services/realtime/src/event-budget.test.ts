import { describe, expect, it } from "vitest";
import { createEventBudget } from "./event-budget.ts";

describe("createEventBudget", () => {
  it("lets ten pass at once and then ten a second", () => {
    const mayPass = createEventBudget();
    const passedAt = (nowMs: number) => Array.from({ length: 20 }, () => mayPass(nowMs)).filter(Boolean).length;
    expect(passedAt(1_000)).toBe(10);
    expect(passedAt(1_050)).toBe(0);
    expect(passedAt(1_550)).toBe(5);
    expect(passedAt(60_000)).toBe(10);
  });
});
