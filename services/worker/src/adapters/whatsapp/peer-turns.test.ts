import { expect, it } from "vitest";
import { PeerTurns } from "./peer-turns.ts";

it("runs the work of one name in order, also after a failure, and other names beside it", async () => {
  const turns = new PeerTurns();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take("ann", async () => {
    await gate.promise;
    log.push("ann 1");
    throw new Error("failed");
  });
  const second = turns.take("ann", async () => Promise.resolve(void log.push("ann 2")));
  await turns.take("bob", async () => Promise.resolve(void log.push("bob")));
  gate.resolve();
  await expect(first).rejects.toThrow("failed");
  await second;
  expect(log).toEqual(["bob", "ann 1", "ann 2"]);
});
