import { expect, test } from "vitest";

import { waitFor } from "./wait-for.ts";

test("it gives back the first truthy answer", async () => {
  let looks = 0;
  const found = await waitFor(() => (++looks === 3 ? `look ${looks}` : null), { describe: "a look", intervalMs: 1 });
  expect(found).toBe("look 3");
});

test("an error of the condition means not yet", async () => {
  let looks = 0;
  const condition = () => {
    if (++looks < 3) throw new Error("too early");
    return true;
  };
  await expect(waitFor(condition, { describe: "calm", intervalMs: 1 })).resolves.toBe(true);
});

test("when the time is up it says what it waited for and what it saw", async () => {
  const options = { describe: "the third tick", timeoutMs: 5, intervalMs: 1 };
  await expect(waitFor(() => 0, options)).rejects.toThrow("waited 5 ms for the third tick: the last look gave 0");
  const failing = () => Promise.reject(new Error("no such row"));
  await expect(waitFor(failing, options)).rejects.toThrow("the third tick: Error: no such row");
});
