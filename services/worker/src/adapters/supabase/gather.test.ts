import { expect, test } from "vitest";
import { createGatherer } from "./gather.ts";

test("requests of one moment share a call, those that come meanwhile share the next", async () => {
  const calls: number[][] = [];
  const gates: (() => void)[] = [];
  const ask = createGatherer<number, string>(async (requests) => {
    calls.push(requests);
    await new Promise<void>((resolve) => gates.push(resolve));
    return requests.map(String);
  }, 3);
  const first = [ask(1), ask(2)];
  await new Promise((resolve) => setImmediate(resolve));
  const later = [ask(3), ask(4), ask(5), ask(6)];
  gates[0]!();
  expect(await Promise.all(first)).toEqual(["1", "2"]);
  await new Promise((resolve) => setImmediate(resolve));
  gates[1]!();
  await later[2];
  await new Promise((resolve) => setImmediate(resolve));
  gates[2]!();
  expect(await Promise.all(later)).toEqual(["3", "4", "5", "6"]);
  expect(calls).toEqual([[1, 2], [3, 4, 5], [6]]);
});

test("a failed call rejects its own requests and not the next ones", async () => {
  let calls = 0;
  const ask = createGatherer<number, number>(async (requests) => {
    if (++calls === 1) throw new Error("away");
    return requests;
  }, 1);
  const results = await Promise.allSettled([ask(1), ask(2)]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
});
