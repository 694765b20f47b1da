import type { HistoryEvent } from "../history/events.ts";
import { atLeast, atMost, measured } from "../report/report.ts";
import { pick } from "../rig/seeded-random.ts";
import { startLoad } from "./load.ts";
import type { ProfileName, Scenario } from "./scene.ts";

const sizes: Record<
  ProfileName,
  { messages: number; chats: number; stops: number; frozenMs: number; backlog: number }
> = {
  tiny: { messages: 250, chats: 40, stops: 1, frozenMs: 12_000, backlog: 120 },
  short: { messages: 1_200, chats: 150, stops: 3, frozenMs: 14_000, backlog: 400 },
  full: { messages: 40_000, chats: 1_500, stops: 20, frozenMs: 45_000, backlog: 2_000 },
};

/** A worker stands still for longer than its lease, in the middle of sending, and wakes up when others have its sessions. */
export const frozenOwner: Scenario = {
  id: "G8",
  title: "SIGSTOP longer than the lease",
  async play(scene) {
    const { rig, random } = scene;
    const size = sizes[scene.profile];
    const frozenMs = Math.max(size.frozenMs, rig.lease.ttlMs * 2);
    const load = await startLoad(scene, { ...size, batch: 50 });
    for (let stop = 0; stop < size.stops; stop++) {
      await scene.until(
        "messages to flow",
        async () => (await load.shown()) >= ((stop + 0.2) / size.stops) * size.messages,
        300_000,
      );
      const victim = pick(
        random,
        rig.fleet.slots.filter((slot) => scene.links.sessionsOf(slot) > 0),
      );
      scene.strike("freeze", `${stop + 1} of ${size.stops}`, victim);
      rig.fleet.freeze(victim);
      await scene.pause(frozenMs);
      rig.fleet.resume(victim);
      scene.strike("resume", `${stop + 1} of ${size.stops}`, victim);
      await scene.pause(3_000);
      // Frozen past its deadline, the process has fenced itself or was ended by its watchdog; a supervisor brings it back.
      await rig.fleet.start(victim);
      await scene
        .until("every session to be connected", () => scene.links.open().size === rig.sessions.length, 60_000)
        .catch(() => scene.signal.throwIfAborted());
      scene.say(`stop ${stop + 1}: ${await load.shown()} of ${size.messages} shown`);
    }
    await load.done;
    return (verdict, events) => ({
      figures: {
        stops: measured(size.stops),
        frames_of_old_owners: atMost(verdict.counts.overlap, 0),
        old_owners_that_noticed: atLeast(woken(events).filter(({ noticed }) => noticed).length, size.stops),
        noticed_after: atMost(slowest(woken(events)), 1, "s"),
        wire_repeats: atMost(verdict.repeats.repeats, verdict.repeats.most),
      },
    });
  },
};

interface Waking {
  noticed: boolean;
  afterMs: number | null;
}

/** For each worker that was woken up: whether it fenced itself, or ended, and how soon. */
function woken(events: readonly HistoryEvent[]): Waking[] {
  return events
    .filter((event) => event.kind === "strike" && event.strike === "resume")
    .map((resume) => {
      const worker = resume.kind === "strike" ? resume.worker : null;
      const notice = events.find(
        (event) => event.kind === "log" && event.what === "fenced" && event.worker === worker && event.at >= resume.at,
      );
      return { noticed: notice !== undefined, afterMs: notice === undefined ? null : notice.at - resume.at };
    });
}

function slowest(wakings: Waking[]): number | null {
  const times = wakings.flatMap(({ afterMs }) => (afterMs === null ? [] : [afterMs / 1_000]));
  return times.length === 0 ? null : Math.max(...times);
}
