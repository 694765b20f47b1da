import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { endOnSignals } from "../../services/standalone/src/launcher/signals.ts";
import { type ChaosOptions, readOptions } from "./options.ts";
import { type ChaosReport, inOrder, type ScenarioReport } from "./report/report.ts";
import { showMarkdown, showTable } from "./report/show.ts";
import { mechanisms } from "./rig/mechanisms.ts";
import { measuredBy, notBuilt, scenarios } from "./scenarios/catalogue.ts";
import { playAll } from "./scenarios/play-all.ts";

/** `npm run chaos`: see README.md beside this file. Exit status 0: measured, 1: could not, or an aim was missed with `--strict`. */
async function main(options: ChaosOptions): Promise<number> {
  const say = (sentence: string) => console.log(` ${sentence}`);
  console.log(` Flotilla chaos · profile ${options.profile} · seed ${options.seed}`);
  const without = options.without === null ? null : mechanisms[options.without]!;
  if (without?.built === false) {
    say(`--without ${options.without}: not built yet, the worker has no switch for it`);
    return 1;
  }
  if (without !== null) say(`the workers run WITHOUT ${options.without}: violations are what is wanted`);
  const signals = endOnSignals(say);
  const usual = without === null ? [...scenarios.map(({ id }) => id), ...Object.keys(notBuilt)] : [without.breaks];
  const asked = options.scenarios ?? usual;
  const wanted = new Set(asked.map((id) => measuredBy[id] ?? id));
  const { reports, failures } = await playAll(
    scenarios.filter(({ id }) => wanted.has(id)),
    { ...options, signal: signals.signal, say },
  );
  const report: ChaosReport = {
    seed: options.seed,
    commit: execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim(),
    profile: options.profile,
    lease_ms: options.leaseMs,
    without: options.without,
    node: process.version,
    cores: availableParallelism(),
    scenarios: inOrder([...reports, ...[...wanted].filter((id) => id in notBuilt).map(reportNotBuilt)]),
  };
  console.log(`\n${showTable(report.scenarios)}\n`);
  if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.markdown !== null) writeFileSync(options.markdown, showMarkdown(report));
  for (const failure of failures) say(`✖ could not be measured: ${failure}`);
  if (failures.length > 0) return 1;
  return options.strict && report.scenarios.some(({ holds }) => holds === false) ? 1 : 0;
}

function reportNotBuilt(id: string): ScenarioReport {
  const { title, why } = notBuilt[id]!;
  const nothing = { accepted: 0, lost: 0, duplicates: 0, order_breaks: 0, figures: {}, seconds: 0 };
  return { id, title, ...nothing, holds: null, counterexample: null, not_built: why };
}

const known = [...scenarios.map(({ id }) => id), ...Object.keys(measuredBy), ...Object.keys(notBuilt)];
let options: ChaosOptions;
try {
  options = readOptions(process.argv.slice(2), known, () => randomInt(2 ** 32 - 1));
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
process.exit(await main(options));
