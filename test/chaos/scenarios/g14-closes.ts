import { atMost, measured } from "../report/report.ts";
import { pick } from "../rig/seeded-random.ts";
import { startLoad } from "./load.ts";
import type { ProfileName, Scenario } from "./scene.ts";

const sizes: Record<
  ProfileName,
  { messages: number; chats: number; closes: number; everyMs: number; backlog: number }
> = {
  tiny: { messages: 150, chats: 30, closes: 6, everyMs: 1_000, backlog: 100 },
  short: { messages: 1_000, chats: 150, closes: 40, everyMs: 700, backlog: 200 },
  full: { messages: 10_000, chats: 1_500, closes: 2_000, everyMs: 120, backlog: 1_000 },
};

/** Endings after which a session dials again by itself. Those that need a person are tested one by one elsewhere. */
const endings = ["515", "503", "500", "stream_end", "reset", "close", "garbage", "failure_503"] as const;

/** Links end at random, for random reasons, in the middle of sending. */
export const randomCloses: Scenario = {
  id: "G14",
  title: "links end with random codes",
  async play(scene) {
    const { rig, random } = scene;
    const size = sizes[scene.profile];
    const load = await startLoad(scene, { ...size, batch: 20 });
    const given = new Map<string, number>();
    for (let close = 0; close < size.closes; close++) {
      await scene.pause(size.everyMs);
      const kind = pick(random, endings);
      const phone = pick(random, rig.sessions).phone;
      const { slot } = scene.links.open().get(phone) ?? { slot: null };
      const { ended } = await rig.simulator.endLinks(kind, phone);
      if (ended === 0) continue;
      given.set(kind, (given.get(kind) ?? 0) + 1);
      scene.note({
        kind: "strike",
        strike: "break",
        what: `${kind} to ${phone}`,
        worker: slot?.worker ?? null,
        sessions: 1,
      });
    }
    const total = [...given.values()].reduce((sum, count) => sum + count, 0);
    scene.say(`${total} links ended: ${[...given].map(([kind, count]) => `${kind} ${count}`).join(", ")}`);
    const began = performance.now();
    await scene
      .until("every session to be connected", () => scene.links.open().size === rig.sessions.length, 360_000)
      .catch((error: Error) => scene.say(error.message));
    const back = (performance.now() - began) / 1_000;
    await load.done;
    return (verdict) => ({
      figures: {
        closes: measured(total),
        all_back_after: atMost(back, 120, "s"),
        wire_repeats: atMost(verdict.repeats.repeats, verdict.repeats.most),
      },
    });
  },
};
