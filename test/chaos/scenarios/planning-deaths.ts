import { queuePrefix } from "@flotilla/shared/runtime/queues";
import { Redis } from "ioredis";
import { chatNumber } from "./load.ts";
import type { Scene } from "./scene.ts";

const recipients = 60;
const deaths = 2;

/**
 * A campaign whose planning job dies with its worker, twice: a lock on its recipients holds the job up until everybody
 * has been killed. Afterwards it must be planned all the same, by the job itself.
 */
export async function killWhilePlanning(scene: Scene): Promise<void> {
  const { rig } = scene;
  const redis = new Redis(rig.stack.addresses.redisUrl, { maxRetriesPerRequest: 1 });
  const activeJobs = () => redis.llen(`${queuePrefix("campaigns", undefined)}:campaigns:active`);
  const sessions = rig.sessions.map(({ id }) => id);
  const phones = Array.from({ length: recipients }, (_, n) => chatNumber(scene.prefix, 50_000 + n));
  const text = "planned in spite of everything";
  const start = await scene.client.prepareCampaign(`planned ${scene.prefix}`, sessions, phones, text);
  const lock = await rig.database.holdRecipients();
  try {
    await start();
    for (let death = 1; death <= deaths; death++) {
      await scene.until("the planning job to be taken", async () => (await activeJobs()) > 0, 60_000);
      await scene.until("it to wait for the lock", () => lock.isWaitedFor(), 20_000);
      for (const slot of rig.fleet.slots) scene.strike("kill", `while planning, ${death} of ${deaths}`, slot);
      await Promise.all(rig.fleet.slots.map((slot) => rig.fleet.kill(slot)));
      await lock.endWaiters();
      await Promise.all(rig.fleet.slots.map((slot) => rig.fleet.start(slot)));
    }
    // The third to take it, or nobody: the queue has noticed the second death by then.
    await scene.until("the queue to notice", async () => (await activeJobs()) === 0 || lock.isWaitedFor(), 60_000);
  } finally {
    await lock.release();
    redis.disconnect();
  }
  scene.say(`the planning job died with its workers ${deaths} times`);
}
