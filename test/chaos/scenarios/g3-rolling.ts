import { percentile, takeoverTimes } from "../checker/takeovers.ts";
import { atMost, measured } from "../report/report.ts";
import { startLoad } from "./load.ts";
import type { ProfileName, Scenario } from "./scene.ts";

const sizes: Record<ProfileName, { messages: number; chats: number; rounds: number; backlog: number }> = {
  tiny: { messages: 150, chats: 30, rounds: 1, backlog: 100 },
  short: { messages: 1_000, chats: 150, rounds: 1, backlog: 300 },
  full: { messages: 15_000, chats: 1_500, rounds: 3, backlog: 1_500 },
};

/** Every worker is asked to end, one after another, under load; each is replaced before the next goes. */
export const rollingRestart: Scenario = {
  id: "G3",
  title: "rolling SIGTERM of all workers",
  async play(scene) {
    const { rig } = scene;
    const size = sizes[scene.profile];
    const load = await startLoad(scene, { ...size, batch: 50 });
    const drains: number[] = [];
    for (let round = 0; round < size.rounds; round++) {
      for (const slot of rig.fleet.slots) {
        await scene.until(
          "messages to flow",
          async () =>
            (await load.shown()) > (drains.length / (size.rounds * rig.fleet.slots.length)) * size.messages * 0.9,
          300_000,
        );
        scene.strike("term", `round ${round + 1}`, slot);
        drains.push(await rig.fleet.term(slot));
        scene.say(`worker ${slot.index} left in ${(drains.at(-1)! / 1_000).toFixed(1)} s, ${await load.shown()} shown`);
        await rig.fleet.start(slot);
        await scene.until("every session to be connected", () => scene.links.open().size === rig.sessions.length);
      }
    }
    await load.done;
    return (verdict, events) => {
      const gaps = takeoverTimes(events);
      const replaced = events.filter((event) => event.kind === "log" && event.what === "replaced").length;
      return {
        figures: {
          gap_p99: atMost((percentile(gaps, 0.99) ?? 0) / 1_000, 3, "s"),
          gaps: measured(gaps.length),
          slowest_drain: atMost(Math.max(...drains) / 1_000, 20, "s"),
          replaced_440: atMost(replaced, 0),
          wire_repeats: atMost(verdict.repeats.repeats, 0),
        },
      };
    };
  },
};
