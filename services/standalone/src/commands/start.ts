import { logStyleOf, sayIn } from "../launcher/terminal.ts";
import { formatLogLine } from "../launcher/log-line.ts";
import { seconds } from "../launcher/backing.ts";
import { openPlatform } from "../launcher/platform.ts";
import { refuseProblems } from "../launcher/refuse-problems.ts";
import { endOnSignals } from "../launcher/signals.ts";
import type { Options } from "../options.ts";

/** `npm start` and `npm run dev`: the whole platform until Ctrl-C, every log line on the terminal. */
export async function start(options: Options, environment: NodeJS.ProcessEnv): Promise<number> {
  refuseProblems(options, environment);
  const style = logStyleOf(environment, process.stdout.isTTY);
  const say = sayIn(style);
  const began = performance.now();
  const signals = endOnSignals(say);
  const platform = await openPlatform({
    ...options,
    environment,
    watch: options.command === "dev",
    onLine: (service, line) => console.log(formatLogLine(service, line, style)),
    say,
    signal: signals.signal,
    onKillable: signals.killWith,
  });
  const { addresses, state } = platform;
  say(`everything is up after ${seconds(began)}`);
  say(`dashboard ${addresses.dashboardUrl} · API ${addresses.apiUrl} · Supabase ${addresses.supabaseUrl}`);
  say(`data in ${options.dataFolder} · demo sign-in ${state.demoMember.email} (npm run demo creates it)`);
  await signals.asked;
  await platform[Symbol.asyncDispose]();
  say("everything has ended");
  return 0;
}
