import { createLogger } from "@flotilla/shared/runtime/logger";
import { join } from "node:path";

import { stopChild } from "../embedded/child.ts";
import { compileCacheFolder, ownFolder } from "../embedded/folders.ts";
import { checkGiven, openRedis, openSupabase, seconds } from "./backing.ts";
import { planPorts } from "./port-plan.ts";
import { endLeftovers, openProcessList } from "./process-list.ts";
import { startService } from "./service-process.ts";
import { type PlatformAddresses, serviceEnvironment } from "./service-environment.ts";
import { type PlannedService, planServices } from "./services.ts";
import { fetchRootKey } from "./simulator-key.ts";
import { type LauncherState, loadState } from "./state-file.ts";
import { type Running, supervise, type Supervision } from "./supervise.ts";

export type PlatformOptions = {
  dataFolder: string;
  workers: number;
  network: "simulated" | "whatsapp";
  /** `node --watch` and Vite's development server. */
  watch: boolean;
  environment: NodeJS.ProcessEnv;
  /** What is started; all services of the checkout by default. */
  plan?: typeof planServices;
  /** A line of a service. */
  onLine: (service: string, line: string) => void;
  /** A sentence of the launcher itself. */
  say: (sentence: string) => void;
  /** Gives up between two steps of the start, and ends what was started. */
  signal: AbortSignal;
  /** Told at once how to kill everything, whatever has been started by then: for a second Ctrl-C. */
  onKillable: (killAll: () => void) => void;
};

/** The whole platform, running. Disposing it ends every process in reverse order. */
export type Platform = AsyncDisposable & {
  readonly addresses: PlatformAddresses;
  readonly state: LauncherState;
  /** Name and pid of each service now; the pids change when one is replaced. */
  services(): Array<{ name: string; pid: number }>;
};

/**
 * Starts everything on one machine, in the order in which each part finds what it needs already there.
 * What a killed launcher left running is ended first.
 *
 * @throws when a part does not start; whatever was started before it has been ended again
 */
export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { dataFolder, say, environment } = options;
  const destination = { write: (line: string) => options.onLine("flotilla", line.trimEnd()) };
  await checkGiven(environment, createLogger({ service: "flotilla", destination }));
  const leftovers = await endLeftovers(dataFolder);
  if (leftovers.length > 0) say(`ended what an earlier start left running: ${leftovers.join(", ")}`);
  ownFolder(dataFolder);
  const state = loadState(dataFolder);
  const ports = await planPorts(options.workers);
  for (const notice of ports.notices) say(notice);

  const cleanup = new AsyncDisposableStack();
  const list = openProcessList(dataFolder);
  cleanup.defer(() => list.erase());
  const running = new Set<Running["child"]>();
  const remember = (name: string, { child }: Pick<Running, "child">, commandLineHas: string) => {
    running.add(child);
    list.add({ name, pid: child.pid, commandLineHas });
    void forget(child);
  };
  const forget = async (child: Running["child"]) => {
    await child.exited;
    running.delete(child);
    list.remove(child.pid);
  };
  const killAll = () => {
    for (const child of running) void stopChild(child, "SIGKILL", 0);
  };

  options.onKillable(killAll);

  try {
    const { simulator, groups } = (options.plan ?? planServices)(ports, options.watch);
    const url = (port: number) => `http://127.0.0.1:${port}`;
    const dashboardUrl = `http://localhost:${ports.dashboard}`;
    const context = { ...options, state, dashboardUrl, supabasePort: ports.supabase, remember, cleanup };
    const supervisions: Supervision[] = [];
    const open = async (service: PlannedService, addresses: PlatformAddresses): Promise<Supervision> => {
      const supervision = await supervise({
        name: service.name,
        start: () =>
          startService({
            ...service,
            environment: {
              NODE_COMPILE_CACHE: compileCacheFolder(),
              ...environment,
              ...serviceEnvironment(service.kind, addresses, {
                port: service.port,
                nodeEnv: environment["NODE_ENV"] ?? "development",
                logLevel: environment["LOG_LEVEL"] ?? "info",
                simulatorFolder: join(dataFolder, "simulator"),
              }),
            },
            onLine: (line) => options.onLine(service.name, line),
            onSpawn: (child) => remember(service.name, { child }, service.args.at(-1) ?? service.folder),
          }),
        onGone: (how) => say(`⚡ ${service.name} is gone (${how}), starting another`),
        onBack: (pid, afterMs) =>
          say(`${service.name} is replaced after ${(afterMs / 1000).toFixed(1)} s (pid ${pid})`),
        onTrouble: (error) => say(`✖ ${error.message}`),
      });
      supervisions.push(supervision);
      cleanup.use(supervision);
      return supervision;
    };

    const simulated = options.network === "simulated";
    const addresses: PlatformAddresses = {
      ...NOT_YET_KNOWN,
      apiUrl: url(ports.api),
      realtimeUrls: ports.realtime.map(url),
      dashboardUrl,
      credentialsKey: environment["CREDENTIALS_KEY"] ?? state.credentialsKey,
    };
    const [supabase, redisUrl] = await settleAll([
      openSupabase(context),
      openRedis(context),
      simulated ? open(simulator, addresses) : undefined,
      ...groups.flat().map((service) => service.prepare?.(say)),
    ]);
    options.signal.throwIfAborted();
    Object.assign(addresses, supabase, { redisUrl });
    if (simulated) {
      addresses.simulator = {
        url: url(ports.simulator),
        whatsappUrl: `ws://127.0.0.1:${ports.simulator}/ws/chat`,
        rootKey: await fetchRootKey(url(ports.simulator)),
      };
    }
    const began = performance.now();
    const opened = await settleAll(groups.map((group) => settleAll(group.map((service) => open(service, addresses)))));
    // Each group ends as one, the last first; what the list above still holds is gone already by then.
    for (const group of opened) {
      cleanup.defer(async () => {
        await Promise.all(group.map((supervision) => supervision[Symbol.asyncDispose]()));
      });
    }
    say(
      `${groups
        .flat()
        .map((service) => service.name)
        .join(", ")} are up (${seconds(began)})`,
    );
    return {
      addresses,
      state,
      services: () => supervisions.map((supervision) => ({ name: supervision.name, pid: supervision.pid() })),
      [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
    };
  } catch (error) {
    await cleanup.disposeAsync();
    killAll();
    throw error;
  }
}

/** Filled in before the first service that reads it is started. */
const NOT_YET_KNOWN = {
  supabaseUrl: "",
  publishableKey: "",
  secretKey: "",
  jwtSecret: undefined,
  jwksUrl: undefined,
  redisUrl: "",
  simulator: undefined,
};

/** Waits for all of them before the first failure is thrown, so that nothing is still starting while we clean up. */
async function settleAll<T extends readonly unknown[]>(work: [...T]): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const outcomes = await Promise.allSettled(work);
  const values = outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  return values as { [K in keyof T]: Awaited<T[K]> };
}
