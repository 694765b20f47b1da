import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { endLeftovers, runningLauncher } from "../launcher/process-list.ts";
import type { Options } from "../options.ts";

/**
 * `npm run reset`: empties the data folder. Sessions must be paired anew after it.
 *
 * @throws while the platform runs on it, or when the folder does not look like one of ours
 */
export async function reset({ dataFolder }: Options): Promise<number> {
  if (!existsSync(dataFolder) || readdirSync(dataFolder).length === 0) {
    console.log(`${dataFolder} is empty already`);
    return 0;
  }
  const pid = runningLauncher(dataFolder);
  if (pid !== null) throw new Error(`Flotilla is running on ${dataFolder} (pid ${pid}): npm stop first`);
  if (!existsSync(join(dataFolder, "state.json"))) {
    throw new Error(`${dataFolder} has no state.json: it is no data folder of Flotilla and is left alone`);
  }
  await endLeftovers(dataFolder);
  // The state goes last: a reset that is cut off can be done again.
  const entries = readdirSync(dataFolder).toSorted((a, b) => Number(a === "state.json") - Number(b === "state.json"));
  for (const entry of entries) rmSync(join(dataFolder, entry), { recursive: true, force: true });
  console.log(`${dataFolder} is empty`);
  return 0;
}
