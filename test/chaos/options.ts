import { parseArgs } from "node:util";
import { mechanisms } from "./rig/mechanisms.ts";
import type { ProfileName } from "./scenarios/scene.ts";

export interface ChaosOptions {
  profile: ProfileName;
  /** Goals asked for; null: all that are built. */
  scenarios: string[] | null;
  seed: number;
  json: string | null;
  markdown: string | null;
  /** A missed aim is an exit status. */
  strict: boolean;
  without: string | null;
  /** Lease of a worker, in milliseconds: longer than an installation's 6,000 where the machine is busy with other things. */
  leaseMs: number;
  /** Keep the folder with histories and logs. */
  keep: boolean;
}

/** Reads the command line. @throws in one line that says what is wrong and what there is */
export function readOptions(argv: readonly string[], known: readonly string[], freshSeed: () => number): ChaosOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      profile: { type: "string", default: "short" },
      scenario: { type: "string", multiple: true },
      seed: { type: "string" },
      json: { type: "string" },
      markdown: { type: "string" },
      strict: { type: "boolean", default: false },
      without: { type: "string" },
      lease: { type: "string", default: "6000" },
      keep: { type: "boolean", default: false },
    },
  });
  const { profile } = values;
  if (profile !== "tiny" && profile !== "short" && profile !== "full")
    throw new Error(`--profile ${profile}: there are tiny, short and full`);
  const scenarios = values.scenario?.flatMap((list) => list.split(",")).map((id) => id.trim().toUpperCase()) ?? null;
  const unknown = scenarios?.find((id) => !known.includes(id));
  if (unknown !== undefined) throw new Error(`--scenario ${unknown}: there are ${known.join(", ")}`);
  const seed = values.seed === undefined ? freshSeed() : Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff)
    throw new Error(`--seed ${values.seed}: a whole number from 0 to 4294967295`);
  const { without = null } = values;
  if (without !== null && !(without in mechanisms))
    throw new Error(`--without ${without}: there are ${Object.keys(mechanisms).join(", ")}`);
  const leaseMs = Number(values.lease);
  if (!Number.isInteger(leaseMs) || leaseMs < 2_000 || leaseMs > 30_000)
    throw new Error(`--lease ${values.lease}: milliseconds, 2000 to 30000`);
  return {
    profile,
    scenarios,
    seed,
    json: values.json ?? null,
    markdown: values.markdown ?? null,
    strict: values.strict,
    without,
    leaseMs,
    keep: values.keep,
  };
}
