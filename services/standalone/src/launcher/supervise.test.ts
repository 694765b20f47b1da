import { waitFor } from "@flotilla/shared/testing/wait-for";
import { expect, test } from "vitest";

import { startChild, stopChild } from "../embedded/child.ts";
import { restartPauseMs, type Running, supervise } from "./supervise.ts";

const sleeper = async (): Promise<Running> => {
  const child = await startChild(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  return { child, [Symbol.asyncDispose]: () => stopChild(child, "SIGTERM", 5_000) };
};

test("the pause before a restart doubles up to ten seconds", () => {
  expect([0, 1, 2, 3, 9].map(restartPauseMs)).toEqual([250, 500, 1000, 2000, 10_000]);
});

test("who dies is replaced, also when the first attempts fail, and who is stopped stays stopped", async () => {
  const told: string[] = [];
  let starts = 0;
  const supervision = await supervise({
    name: "sleeper",
    start: async () => {
      if (++starts === 2) throw new Error("the port is not free yet");
      return await sleeper();
    },
    onGone: (how) => told.push(how),
    onTrouble: (error) => told.push(error.message),
    onBack: () => told.push("back"),
  });
  const first = supervision.pid();
  process.kill(first, "SIGKILL");
  await waitFor(() => told.includes("back"), { describe: "the replacement" });
  expect(told).toEqual(["ended by SIGKILL", "the port is not free yet", "back"]);
  expect(supervision.pid()).not.toBe(first);
  await supervision[Symbol.asyncDispose]();
  expect(() => process.kill(supervision.pid(), 0)).toThrow("ESRCH");
  expect(starts).toBe(3);
});

test("a first start that fails is the caller's to know", async () => {
  const failing = supervise({ name: "x", start: () => Promise.reject(new Error("no such program")) });
  await expect(failing).rejects.toThrow("no such program");
});
