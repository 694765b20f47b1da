import type { ScenarioReport } from "../report/report.ts";
import { openRig, type Rig } from "../rig/open-rig.ts";
import { runScenario } from "./run-scenario.ts";
import type { ProfileName, Scenario } from "./scene.ts";

/** Size of the rig, and its leases: the real ones in `full`, half of them where minutes count. */
const rigs: Record<ProfileName, { workers: number; sessions: number; lease: Rig["lease"] }> = {
  test: { workers: 2, sessions: 4, lease: { ttlMs: 3_000, marginMs: 1_000, heartbeatMs: 300 } },
  short: { workers: 3, sessions: 12, lease: { ttlMs: 3_000, marginMs: 1_000, heartbeatMs: 300 } },
  full: { workers: 3, sessions: 60, lease: { ttlMs: 6_000, marginMs: 1_500, heartbeatMs: 1_000 } },
};

export interface PlayOptions {
  profile: ProfileName;
  seed: number;
  without: string | null;
  keep: boolean;
  signal: AbortSignal;
  say: (sentence: string) => void;
}

/**
 * Plays scenarios one after another on one rig. A scenario that cannot be measured costs its own result only: the next
 * one gets a fresh rig. Ends early, and ends everything, on Ctrl-C.
 */
export async function playAll(
  scenarios: readonly Scenario[],
  options: PlayOptions,
): Promise<{ reports: ScenarioReport[]; failures: string[] }> {
  const { signal, say } = options;
  const reports: ScenarioReport[] = [];
  const failures: string[] = [];
  let rig: Rig | null = null;
  const close = async () => {
    if (rig !== null && options.keep) say(`histories and logs: ${rig.folder}`);
    await rig?.[Symbol.asyncDispose]();
    rig = null;
  };
  try {
    for (const [place, scenario] of scenarios.entries()) {
      signal.throwIfAborted();
      try {
        rig ??= await openRig({ ...options, ...rigs[options.profile] });
        say(`${scenario.id}: ${scenario.title}`);
        reports.push(...(await runScenario(rig, scenario, { ...options, place })));
      } catch (error) {
        failures.push(`${scenario.id}: ${error instanceof Error ? error.message : String(error)}`);
        await close();
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await close();
  }
  return { reports, failures: signal.aborted ? [...failures, "interrupted"] : failures };
}
