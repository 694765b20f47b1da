import { describe, expect, it } from "vitest";
import { SlowLane } from "./slow-lane.ts";

describe("SlowLane", () => {
  it("does work at once without latency", () => {
    const done: number[] = [];
    new SlowLane(() => 0).push(() => done.push(1));
    expect(done).toEqual([1]);
  });

  it("keeps the order whatever the jitter, also when the latency ends meanwhile", async () => {
    const delays = [30, 1, 15, 0, 0];
    const lane = new SlowLane(() => delays.shift() ?? 0);
    const done: number[] = [];
    await new Promise<void>((resolve) => {
      for (const item of [1, 2, 3, 4]) lane.push(() => done.push(item));
      lane.push(resolve);
      expect(done).toEqual([]);
    });
    expect(done).toEqual([1, 2, 3, 4]);
  });

  it("does nothing any more once it is closed", async () => {
    const lane = new SlowLane(() => 1);
    let done = false;
    lane.push(() => (done = true));
    lane.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(done).toBe(false);
  });
});
