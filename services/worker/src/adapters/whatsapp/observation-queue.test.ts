import { expect, it } from "vitest";
import type { LinkObservation } from "../../ports.ts";
import { ObservationQueue } from "./observation-queue.ts";

const ack = (waMessageId: string): LinkObservation => ({ kind: "ack", waMessageId, error: null });

it("hands over one at a time, in order, after what must come first", async () => {
  const log: string[] = [];
  const queue = new ObservationQueue(
    async (observation) => {
      const id = observation.kind === "ack" ? observation.waMessageId : "";
      log.push(`begin ${id}`);
      await Promise.resolve();
      log.push(`end ${id}`);
    },
    () => {},
  );
  const stored = Promise.withResolvers<void>();
  queue.push(ack("A"), stored.promise);
  queue.push(ack("B"));
  log.push("stored");
  stored.resolve();
  await queue.drained();
  expect(log).toEqual(["stored", "begin A", "end A", "begin B", "end B"]);
});

it("drops an observation whose preparation failed, tells so, and goes on", async () => {
  const [seen, failed]: [string[], string[]] = [[], []];
  const queue = new ObservationQueue(
    ({ kind }) => void seen.push(kind),
    (error, { kind }) => void failed.push(`${kind}: ${String(error)}`),
  );
  queue.push({ kind: "paired", identity: {} }, Promise.reject(new Error("no database")));
  queue.push({ kind: "caught_up" });
  await queue.drained();
  expect({ seen, failed }).toEqual({ seen: ["caught_up"], failed: ["paired: Error: no database"] });
});
