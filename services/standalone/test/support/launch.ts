import { fileURLToPath } from "node:url";

import { openPlatform } from "../../src/launcher/platform.ts";
import { type PlannedService, planServices } from "../../src/launcher/services.ts";
import { endOnSignals } from "../../src/launcher/signals.ts";

const fake = fileURLToPath(new URL("fake-service.ts", import.meta.url));

// The real launcher on the real stack, with fake services: a process of its own, so that it can be killed.
// Says each thing as one JSON line: {"say": …} or {"ready": …}.
const signals = endOnSignals((say) => console.log(JSON.stringify({ say })));
process.on("uncaughtException", (error) => {
  console.log(error.message);
  process.exit(1);
});
const platform = await openPlatform({
  dataFolder: process.argv[2] ?? "",
  workers: 2,
  network: "simulated",
  watch: false,
  environment: process.env,
  plan: (ports) => {
    const { simulator, groups } = planServices(ports, false);
    const faked = (service: PlannedService) => ({ ...service, args: [fake], folder: "/", prepare: undefined });
    return { simulator: faked(simulator), groups: groups.map((group) => group.map(faked)) };
  },
  onLine: (service, line) => console.log(JSON.stringify({ service, line })),
  say: (say) => console.log(JSON.stringify({ say })),
  signal: signals.signal,
  onKillable: signals.killWith,
});
const tell = () => console.log(JSON.stringify({ ready: { ...platform.addresses, services: platform.services() } }));
tell();
process.on("SIGUSR2", tell);
await signals.asked;
await platform[Symbol.asyncDispose]();
