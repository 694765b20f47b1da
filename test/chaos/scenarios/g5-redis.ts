import { Redis } from "ioredis";
import { atMost, measured } from "../report/report.ts";
import { startLoad } from "./load.ts";
import { sendsAgainAfter, worstSeconds } from "./recovery.ts";
import type { ProfileName, Scenario } from "./scene.ts";

const sizes: Record<ProfileName, { messages: number; chats: number; times: number; pauseMs: number; backlog: number }> =
  {
    tiny: { messages: 200, chats: 40, times: 1, pauseMs: 5_000, backlog: 60 },
    short: { messages: 1_200, chats: 200, times: 3, pauseMs: 10_000, backlog: 120 },
    full: { messages: 12_000, chats: 1_500, times: 5, pauseMs: 30_000, backlog: 400 },
  };

/** Redis forgets everything, is killed and started, and stands still, again and again. */
export const redisLost: Scenario = {
  id: "G5",
  title: "Redis flushed, restarted and frozen",
  async play(scene) {
    const { rig } = scene;
    const size = sizes[scene.profile];
    // A small backlog: what is sent after a fault was posted, and woken, after it.
    const load = await startLoad(scene, { ...size, batch: 20 });
    await scene.until("messages to flow", async () => (await load.shown()) > 20);
    const flushes: (number | null)[] = [];
    const restarts: (number | null)[] = [];
    for (let time = 0; time < size.times; time++) {
      scene.strike("break", "FLUSHALL");
      const redis = new Redis(rig.stack.addresses.redisUrl, { maxRetriesPerRequest: 1 });
      await redis.flushall();
      redis.disconnect();
      flushes.push(await sendsAgainAfter(scene, load, 60_000));
      scene.strike("break", "kill -9 of Redis, and a start");
      await rig.stack.restartRedis();
      restarts.push(await sendsAgainAfter(scene, load, 60_000));
      scene.say(`flushed and restarted ${time + 1} times, ${await load.shown()} shown`);
    }
    scene.strike("break", `Redis frozen for ${size.pauseMs} ms`);
    const before = await load.shown();
    const pid = rig.stack.redisPid();
    process.kill(pid, "SIGSTOP");
    await scene.pause(size.pauseMs).finally(() => process.kill(pid, "SIGCONT"));
    const during = (await load.shown()) - before;
    scene.strike("heal", "Redis runs on");
    const afterPause = await sendsAgainAfter(scene, load, 60_000);
    await load.done;
    return () => ({
      figures: {
        sends_again_after_flush: atMost(worstSeconds(flushes), 10, "s"),
        sends_again_after_restart: atMost(worstSeconds(restarts), 10, "s"),
        sends_again_after_pause: atMost(worstSeconds([afterPause]), 10, "s"),
        sent_while_frozen: measured(during, "messages"),
      },
    });
  },
};
