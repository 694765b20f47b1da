import { setTimeout as sleep } from "node:timers/promises";

import { endLeftovers, runningLauncher } from "../launcher/process-list.ts";
import type { Options } from "../options.ts";

const STOP_DEADLINE_MS = 60_000;

/** `npm stop`: asks the launcher of this data folder to end and waits until it has; ends leftovers when it was killed. */
export async function stop({ dataFolder }: Options): Promise<number> {
  const pid = runningLauncher(dataFolder);
  if (pid === null) {
    const ended = await endLeftovers(dataFolder);
    console.log(ended.length > 0 ? `ended what was left running: ${ended.join(", ")}` : "nothing is running");
    return 0;
  }
  process.kill(pid, "SIGTERM");
  const deadline = performance.now() + STOP_DEADLINE_MS;
  while (runningLauncher(dataFolder) !== null) {
    if (performance.now() > deadline) {
      console.error(`pid ${pid} has not ended within ${STOP_DEADLINE_MS / 1000} s`);
      return 1;
    }
    await sleep(100);
  }
  console.log("stopped");
  return 0;
}
