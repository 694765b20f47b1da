import { atMost, measured } from "../report/report.ts";
import { between, pick } from "../rig/seeded-random.ts";
import type { ProfileName, Scenario, Scene } from "./scene.ts";

const sizes: Record<ProfileName, { live: number; away: number; kills: number; people: number }> = {
  tiny: { live: 100, away: 50, kills: 2, people: 10 },
  short: { live: 900, away: 300, kills: 5, people: 60 },
  full: { live: 50_000, away: 10_000, kills: 30, people: 500 },
};
/** Writers at a time; each writes its chat's next message when the network has the one before. */
const writersAtOnce = 8;

/** People write while workers are killed, and again while none runs at all. */
export const inboundThroughKills: Scenario = {
  id: "G4",
  title: "inbound through kill -9, and queued while all are down",
  async play(scene) {
    const { rig, random, prefix } = scene;
    const size = sizes[scene.profile];
    const people = write(scene, size.people);
    let struck = 0;
    const writing = people.all(size.live);
    for (let kill = 0; kill < size.kills; kill++) {
      await scene.until("people to write", () => people.written() >= ((kill + 0.5) / size.kills) * size.live, 900_000);
      await scene.pause(between(random, 0, 500));
      const victim = pick(
        random,
        rig.fleet.slots.filter(({ child }) => child !== null),
      );
      scene.strike("kill", `${++struck} of ${size.kills}`, victim);
      await rig.fleet.kill(victim);
      void scene
        .pause(between(random, 100, 2_000))
        .then(() => rig.fleet.start(victim))
        .catch(() => undefined);
    }
    await writing;
    scene.say(`${people.written()} written through ${size.kills} kills`);

    for (const slot of rig.fleet.slots) {
      scene.strike("kill", "all of them", slot);
      await rig.fleet.kill(slot);
    }
    await people.all(size.away);
    scene.say(`${size.away} more written while nobody was there`);
    await Promise.all(rig.fleet.slots.map((slot) => rig.fleet.start(slot)));
    const total = size.live + size.away;
    const began = performance.now();
    await scene
      .until("every message to be stored", async () => (await rig.database.countInbound(prefix)) >= total, 180_000)
      .catch((error: Error) => scene.say(error.message));
    const seconds = (performance.now() - began) / 1_000;
    return ({ inbound }) => ({
      figures: {
        wrote: measured(inbound.wrote),
        stored: atMost(inbound.stored, inbound.wrote),
        caught_up_after: measured(seconds, "s"),
        kills: measured(size.kills + rig.fleet.slots.length),
      },
    });
  },
};

/** People who write to the sessions in turn. */
function write(scene: Scene, people: number) {
  const { rig, prefix, note } = scene;
  let next = 0;
  return {
    written: () => next,
    /** So many messages more, by writers at a time. */
    async all(count: number): Promise<void> {
      const last = next + count;
      const writer = async () => {
        while (next < last) {
          scene.signal.throwIfAborted();
          const n = next++;
          const from = `${prefix}2${String(n % people).padStart(5, "0")}`;
          const to = rig.sessions[(n % people) % rig.sessions.length]!.phone;
          note({ kind: "wrote", from, to, wa: await rig.simulator.write(from, to, `inbound ${n}`) });
        }
      };
      await Promise.all(Array.from({ length: writersAtOnce }, writer));
    },
  };
}
