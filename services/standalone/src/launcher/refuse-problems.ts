import type { Options } from "../options.ts";
import { findProblems } from "./preflight.ts";
import { runningLauncher } from "./process-list.ts";

/** @throws with every problem found, before anything is started */
export function refuseProblems(options: Options, environment: NodeJS.ProcessEnv): void {
  const problems = findProblems(options, environment);
  if (problems.length > 0) throw new Error(problems.join("\n✖ "));
  const pid = runningLauncher(options.dataFolder);
  if (pid !== null) {
    throw new Error(`Flotilla is already running on ${options.dataFolder} (pid ${pid}): npm stop ends it`);
  }
}
