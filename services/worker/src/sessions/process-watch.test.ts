import { waitFor } from "@flotilla/shared/testing/wait-for";
import { expect, test } from "vitest";
import { watchProcess } from "./process-watch.ts";

test("a process whose memory stays near its limit is told to give its work away, once", async () => {
  const told: string[] = [];
  const watch = watchProcess({
    memoryLimitBytes: 1_048_576,
    onUnwell: (reason) => told.push(reason),
    sampleEveryMs: 5,
  });
  await waitFor(() => told.length > 0, { describe: "the word" });
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/near its memory limit/);
  watch.stop();
});

test("a loop that keeps everybody waiting is slow", async () => {
  const told: string[] = [];
  const watch = watchProcess({ memoryLimitBytes: null, onUnwell: (reason) => told.push(reason), sampleEveryMs: 5 });
  const until = performance.now() + 30_000;
  while (told.length === 0 && performance.now() < until) {
    const busy = performance.now() + 1_300;
    while (performance.now() < busy);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(told[0]).toMatch(/slow/);
  watch.stop();
}, 40_000);

test("a process at rest hears nothing", async () => {
  const told: string[] = [];
  const watch = watchProcess({ memoryLimitBytes: null, onUnwell: (reason) => told.push(reason), sampleEveryMs: 10 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(told).toEqual([]);
  watch.stop();
});
