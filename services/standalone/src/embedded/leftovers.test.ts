import { expect, test } from "vitest";

import { startChild } from "./child.ts";
import { endLeftover, isProcess } from "./leftovers.ts";

const sleeper = () => startChild(process.execPath, ["-e", "setInterval(() => {}, 1000)", "the-mark"]);

test("a process is recognised by pid and command line together, and not once it is gone", async () => {
  const child = await sleeper();
  expect(isProcess(child.pid, "the-mark")).toBe(true);
  expect(isProcess(child.pid, "another mark")).toBe(false);
  const gone = { pid: child.pid, commandLineHas: "the-mark", signal: "SIGTERM", deadlineMs: 5_000 } as const;
  expect(await endLeftover(gone)).toBe(true);
  await child.exited;
  expect(isProcess(child.pid, "")).toBe(false);
  expect(await endLeftover(gone)).toBe(false);
});

test("a pid that has passed to another program is left alone", async () => {
  const child = await sleeper();
  const stranger = { pid: child.pid, commandLineHas: "not this one", signal: "SIGKILL", deadlineMs: 0 } as const;
  expect(await endLeftover(stranger)).toBe(false);
  expect(isProcess(child.pid, "the-mark")).toBe(true);
  child.process.kill();
  await child.exited;
});
