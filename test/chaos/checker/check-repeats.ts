import type { Check } from "./finding.ts";

/** Chats of one session with a message on the wire at a time: `window` of the worker's pump. */
const window = 8;

/** Repeats on the wire are what was in flight when a worker, or its way to the network, was struck; no more. */
export function checkRepeats(): Check & { counts(): { repeats: number; most: number } } {
  let repeats = 0;
  let most = 0;
  return {
    take(event) {
      if (event.kind === "ledger") repeats += event.wire - 1;
      if (event.kind === "strike" && event.strike !== "resume" && event.strike !== "heal")
        most += window * event.sessions;
    },
    *findings() {
      if (repeats > most)
        yield {
          kind: "repeats",
          detail: `${repeats} repeats on the wire, and at most ${most} were in flight at the strikes`,
        };
    },
    counts: () => ({ repeats, most }),
  };
}
