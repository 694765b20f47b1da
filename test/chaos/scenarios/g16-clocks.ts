import { atMost, measured } from "../report/report.ts";
import { startLoad } from "./load.ts";
import type { ProfileName, Scenario } from "./scene.ts";

const sizes: Record<ProfileName, { messages: number; chats: number; stepMs: number; backlog: number }> = {
  tiny: { messages: 150, chats: 30, stepMs: 4_000, backlog: 100 },
  short: { messages: 700, chats: 120, stepMs: 8_000, backlog: 200 },
  full: { messages: 5_000, chats: 1_000, stepMs: 20_000, backlog: 1_000 },
};
const hour = 3_600_000;

/** The wall clock of one worker jumps by hours; leases are of database and monotonic time and must not care. */
export const clockSteps: Scenario = {
  id: "G16",
  title: "wall clock of one worker stepped by ± 1 h",
  async play(scene) {
    const { rig } = scene;
    const size = sizes[scene.profile];
    const load = await startLoad(scene, { ...size, batch: 20 });
    await scene.until("messages to flow", async () => (await load.shown()) > 20);
    const [slot] = rig.fleet.slots;
    for (const shift of [hour, -hour, 0]) {
      rig.fleet.shiftClock(slot!, shift);
      scene.strike("break", `clock set to ${shift / hour} h`);
      await scene.pause(size.stepMs);
    }
    await load.done;
    return (verdict, events) => ({
      figures: {
        // Sessions may still move to a worker that has joined; what a jump must not do is end a lease.
        leases_lost: atMost(events.filter((event) => event.kind === "log" && event.what === "fenced").length, 0),
        steps: measured(3),
        wire_repeats: atMost(verdict.repeats.repeats, 0),
      },
    });
  },
};
