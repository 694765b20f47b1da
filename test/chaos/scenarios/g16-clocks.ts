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
    const before = scene.links.open();
    for (const shift of [hour, -hour, 0]) {
      rig.fleet.shiftClock(slot!, shift);
      scene.strike("break", `clock set to ${shift / hour} h`);
      await scene.pause(size.stepMs);
    }
    const after = scene.links.open();
    const moved = [...before].filter(([phone, { slot: owner }]) => after.get(phone)?.slot !== owner).length;
    await load.done;
    return (verdict) => ({
      figures: {
        sessions_that_moved: atMost(moved, 0),
        steps: measured(3),
        wire_repeats: atMost(verdict.repeats.repeats, 0),
      },
    });
  },
};
