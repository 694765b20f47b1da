import { sleep } from "@flotilla/shared/runtime/clock";
import type { Slots } from "./slots.ts";

/**
 * The way to a dial: a place among those this process opens at a time, then the fleet's turn. In this order nobody holds a
 * turn that he cannot use, and at most as many turns are taken ahead as there are places.
 */
export function createDialGate(places: Slots, takeTurn: () => Promise<number>): Slots {
  return {
    async acquire() {
      const release = await places.acquire();
      const waitMs = await takeTurn();
      if (waitMs > 0) await sleep(waitMs);
      return release;
    },
  };
}
