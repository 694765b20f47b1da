import type { ScenarioReport } from "../report/report.ts";
import { openRig, type Rig } from "../rig/open-rig.ts";
import { runScenario } from "./run-scenario.ts";
import type { ProfileName, Scenario } from "./scene.ts";

const rigs: Record<ProfileName, { workers: number; sessions: number }> = {
  tiny: { workers: 2, sessions: 3 },
  short: { workers: 3, sessions: 9 },
  full: { workers: 3, sessions: 60 },
};

export interface PlayOptions {
  profile: ProfileName;
  seed: number;
  without: string | null;
  /** How long a silent worker keeps its shards; margin and heartbeat are in proportion. */
  leaseMs: number;
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
    await rig?.[Symbol.asyncDispose]();
    rig = null;
  };
  try {
    for (const [place, scenario] of scenarios.entries()) {
      signal.throwIfAborted();
      try {
        rig ??= await openRig({ ...options, ...rigs[options.profile], lease: leaseOf(options.leaseMs) });
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

function leaseOf(ttlMs: number): Rig["lease"] {
  return { ttlMs, marginMs: Math.round(ttlMs / 4), heartbeatMs: Math.min(1_000, Math.round(ttlMs / 6)) };
}
