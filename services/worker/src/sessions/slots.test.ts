import { expect, test } from "vitest";
import { createSlots } from "./slots.ts";

test("slots are given in the order they were asked for, and a slot given back twice counts once", async () => {
  const slots = createSlots(1);
  const order: number[] = [];
  const first = await slots.acquire();
  const others = [1, 2].map(async (n) => {
    const release = await slots.acquire();
    order.push(n);
    return release;
  });
  first();
  first();
  const second = await others[0]!;
  expect(order).toEqual([1]);
  second();
  await others[1];
  expect(order).toEqual([1, 2]);
});
