import type { HistoryEvent } from "../history/events.ts";
import { atMost, measured } from "../report/report.ts";
import type { Slot } from "../rig/fleet.ts";
import { startLoad } from "./load.ts";
import type { ProfileName, Scenario, Scene } from "./scene.ts";

const sizes: Record<
  ProfileName,
  { messages: number; chats: number; cutMs: number; networkCutMs: number; backlog: number }
> = {
  tiny: { messages: 200, chats: 40, cutMs: 12_000, networkCutMs: 12_000, backlog: 100 },
  short: { messages: 900, chats: 150, cutMs: 20_000, networkCutMs: 30_000, backlog: 200 },
  full: { messages: 10_000, chats: 1_500, cutMs: 45_000, networkCutMs: 90_000, backlog: 1_000 },
};

/** One worker is cut off from Postgres, then from Redis, then from the network. */
export const partitions: Scenario = {
  id: "G7",
  title: "one worker cut from Postgres, from Redis, from WhatsApp",
  async play(scene) {
    const { rig } = scene;
    const size = sizes[scene.profile];
    const load = await startLoad(scene, { ...size, batch: 20 });
    await scene.until("messages to flow", async () => (await load.shown()) > 20);

    const first = busiest(scene);
    const itsSessions = sessionsAt(scene, first);
    scene.strike("break", "cut from Postgres", first);
    const began = performance.now();
    first.ways.supabase.set({ hold: "both" });
    await scene
      .until("others to have its sessions", () => away(scene, first, itsSessions), 60_000)
      .catch(() => undefined);
    const takenOver = away(scene, first, itsSessions) ? performance.now() - began : null;
    await scene.pause(Math.max(0, size.cutMs - (performance.now() - began)));
    first.ways.supabase.heal();
    scene.strike("heal", "Postgres", first);
    scene.say(
      `cut from Postgres: taken over after ${takenOver === null ? "never" : `${(takenOver / 1_000).toFixed(1)} s`}`,
    );
    await whole(scene);

    const second = busiest(scene);
    scene.strike("break", "cut from Redis", second);
    const redisCutAt = performance.now();
    second.ways.redis.set({ hold: "both" });
    await scene.pause(size.cutMs);
    second.ways.redis.heal();
    scene.strike("heal", "Redis", second);
    const whileCut = { worker: second.worker, from: redisCutAt, to: performance.now() };

    const third = busiest(scene);
    const cut = sessionsAt(scene, third);
    scene.strike("break", "cut from the network", third);
    third.ways.simulator.set({ hold: "both" });
    const cutAt = performance.now();
    await scene
      .until("others to have its sessions", () => away(scene, third, cut), size.networkCutMs)
      .catch(() => scene.signal.throwIfAborted());
    const handedOver = away(scene, third, cut) ? (performance.now() - cutAt) / 1_000 : null;
    await scene.pause(Math.max(0, size.networkCutMs - (performance.now() - cutAt)));
    third.ways.simulator.heal();
    scene.strike("heal", "the network", third);
    await load.done;
    const lease = rig.lease.ttlMs / 1_000;
    return (_, events) => ({
      figures: {
        taken_over_without_postgres: atMost(takenOver === null ? null : takenOver / 1_000, lease + 9, "s"),
        leases_lost_without_redis: atMost(leasesLost(events, whileCut), 0),
        handed_over_without_network:
          scene.profile === "full" ? atMost(handedOver ?? 999, 70, "s") : measured(handedOver, "s"),
      },
    });
  },
};

/** How often a worker dropped a lease in a stretch of time. */
function leasesLost(
  events: readonly HistoryEvent[],
  { worker, from, to }: { worker: string; from: number; to: number },
): number {
  return events.filter(
    (event) =>
      event.kind === "log" && event.what === "fenced" && event.worker === worker && event.at > from && event.at < to,
  ).length;
}

function sessionsAt(scene: Scene, slot: Slot): string[] {
  return [...scene.links.open()].filter(([, link]) => link.slot === slot).map(([phone]) => phone);
}

function busiest(scene: Scene): Slot {
  return scene.rig.fleet.slots.toSorted((a, b) => scene.links.sessionsOf(b) - scene.links.sessionsOf(a))[0]!;
}

/** Whether all these sessions are connected from elsewhere. */
function away(scene: Scene, slot: Slot, phones: string[]): boolean {
  const open = scene.links.open();
  return phones.every((phone) => open.has(phone) && open.get(phone)!.slot !== slot);
}

async function whole(scene: Scene): Promise<void> {
  await scene.until("every session to be connected", () => scene.links.open().size === scene.rig.sessions.length);
}
