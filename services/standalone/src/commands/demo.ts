import { accessSync, constants, createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { type DemoOutcome, playDemo } from "../demo/play.ts";
import { isClean, renderResult } from "../demo/result.ts";
import type { RecipientSource } from "../demo/run-campaign.ts";
import { checkoutFolder } from "../embedded/folders.ts";
import { seconds } from "../launcher/backing.ts";
import { openPlatform, type Platform } from "../launcher/platform.ts";
import { refuseProblems } from "../launcher/refuse-problems.ts";
import { endOnSignals } from "../launcher/signals.ts";
import { logStyleOf } from "../launcher/terminal.ts";
import type { DemoOptions, Options } from "../options.ts";

const SHIPPED_FILE = join(checkoutFolder, "services/standalone/demo/recipients.csv");

/**
 * `npm run demo`: the platform, and a campaign on it whose messages are counted where they arrive. Stays up until
 * Ctrl-C unless told to `--exit`.
 *
 * @returns 0; with `--exit` 1 when something was lost, came twice, or does not add up
 */
export async function demo(options: Options, environment: NodeJS.ProcessEnv): Promise<number> {
  if (options.network !== "simulated") throw new Error("the demo writes to made-up numbers: it only runs simulated");
  refuseProblems(options, environment);
  const source = sourceOf(options.demo);
  const color = logStyleOf(environment, process.stdout.isTTY).color;
  let say = (sentence: string) => console.log(` ${sentence}`);
  const print = say;
  console.log(` Flotilla demo · simulated network · seed ${options.demo.seed}`);

  const signals = endOnSignals((sentence) => say(sentence));
  const logs = openServiceLogs(options.dataFolder);
  const began = performance.now();
  await using platform = await openPlatform({
    ...options,
    environment,
    watch: false,
    onLine: logs.write,
    say: (sentence) => (isNews(sentence) ? say(sentence) : logs.write("flotilla", sentence)),
    signal: signals.signal,
    onKillable: signals.killWith,
  });
  say(`✔ stack ${seconds(began)}`);
  const outcome = await playDemo({
    addresses: platform.addresses,
    member: platform.state.demoMember,
    options: options.demo,
    source,
    plain: options.demo.headless || !process.stdout.isTTY,
    say: print,
    sayThrough: (through) => {
      say = through;
    },
    signal: signals.signal,
  });
  say = print;
  report(outcome, options.demo, color);
  printAddresses(platform, logs.file);
  const clean = isClean(outcome.result, outcome.progress);
  if (options.demo.exit || signals.signal.aborted) return options.demo.exit && !clean ? 1 : 0;
  console.log("\n Up until Ctrl-C.");
  await signals.asked;
  return 0;
}

function sourceOf({ file, recipients, seed }: DemoOptions): RecipientSource {
  if (recipients !== undefined) return { kind: "generated", lines: recipients, seed };
  const path = file === undefined ? SHIPPED_FILE : resolve(file);
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    throw new Error(`--file ${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
  return { kind: "file", path };
}

function report({ result, progress, counterexample }: DemoOutcome, options: DemoOptions, color: boolean): void {
  console.log(`\n${renderResult(result, progress, color)}`);
  if (!isClean(result, progress)) {
    console.log(` ✖ not clean · seed ${options.seed} · ${counterexample ?? "some messages have no end yet"}`);
  }
  if (options.jsonFile !== undefined) writeFileSync(options.jsonFile, `${JSON.stringify(result, null, 2)}\n`);
}

function printAddresses({ addresses, state }: Platform, logFile: string): void {
  console.log(` Dashboard ${addresses.dashboardUrl} · test bench ${addresses.dashboardUrl}/whatsapp-test`);
  console.log(` API ${addresses.apiUrl} · simulator ${addresses.simulator?.url} · logs ${logFile}`);
  console.log(` Sign in as ${state.demoMember.email} with the password ${state.demoMember.password}`);
}

/** The services' lines go to a file: the screen belongs to the demo. */
function openServiceLogs(dataFolder: string): { file: string; write: (service: string, line: string) => void } {
  mkdirSync(join(dataFolder, "logs"), { recursive: true });
  const file = join(dataFolder, "logs/demo.log");
  const stream = createWriteStream(file, { flags: "w", mode: 0o600 });
  return { file, write: (service, line) => void stream.write(`${service.padEnd(10)} │ ${line}\n`) };
}

/** What somebody who watches the demo wants to know of the launcher's sentences: trouble, and that it is over. */
function isNews(sentence: string): boolean {
  return /^[⚡⚠✖]| is replaced | is back |^port |^building |^fetching |^ended what/u.test(sentence);
}
