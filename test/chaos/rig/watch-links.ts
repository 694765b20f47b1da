import { setTimeout as sleep } from "node:timers/promises";
import type { NewEvent } from "../history/recorder.ts";
import type { Slot } from "./fleet.ts";
import type { SimulatedLink, SimulatorClient } from "./simulator-client.ts";

const lookEveryMs = 150;

/** Looks at the network's connections again and again, and notes what changed. */
export interface LinkWatch extends AsyncDisposable {
  /** Sessions whose connection comes from this slot, as last seen. */
  sessionsOf(slot: Slot): number;
  /** Numbers with an open connection, as last seen. */
  open(): ReadonlyMap<string, { slot: Slot | null; worker: string | null }>;
}

/** @param phones whose connections matter */
export function watchLinks(
  simulator: SimulatorClient,
  slots: readonly Slot[],
  phones: ReadonlySet<string>,
  note: (event: NewEvent, at: number) => void,
): LinkWatch {
  const known = new Map<string, { phone: string; worker: string | null; slot: Slot | null; frames: number }>();
  const stopping = new AbortController();
  let before = performance.now();

  function compare(links: SimulatedLink[], since: number, at: number): void {
    const live = new Set<string>();
    for (const { id, phone, host, state, frames_in: frames } of links) {
      if (phone === null || state !== "open" || !phones.has(phone)) continue;
      live.add(id);
      const seen = known.get(id);
      if (seen?.frames === frames) continue;
      const slot = seen?.slot ?? slots.find(({ ways }) => host === `127.0.0.1:${ways.simulator.port}`) ?? null;
      const worker = seen?.worker ?? slot?.worker ?? null;
      known.set(id, { phone, worker, slot, frames });
      note({ kind: "link", link: id, phone, worker, open: true, frames, since }, at);
    }
    for (const [id, { phone, worker, frames }] of known) {
      if (live.has(id)) continue;
      known.delete(id);
      note({ kind: "link", link: id, phone, worker, open: false, frames, since }, at);
    }
  }

  const watching = (async () => {
    while (!stopping.signal.aborted) {
      const asked = performance.now();
      const links = await simulator.links().catch(() => null);
      if (links !== null) {
        compare(links, before, performance.now());
        before = asked;
      }
      await sleep(lookEveryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  return {
    sessionsOf: (slot) => [...known.values()].filter((link) => link.slot === slot).length,
    open: () => new Map([...known.values()].map(({ phone, slot, worker }) => [phone, { slot, worker }])),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await watching;
    },
  };
}
