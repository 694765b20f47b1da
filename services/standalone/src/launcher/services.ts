import { join } from "node:path";

import { checkoutFolder } from "../embedded/folders.ts";
import { buildDashboardIfStale, dashboardFolder, viteProgram } from "./dashboard-page.ts";
import type { PortPlan } from "./port-plan.ts";
import type { ServiceKind } from "./service-environment.ts";

/** One process of the platform, as planned. */
export type PlannedService = {
  kind: ServiceKind;
  /** What people call it: `worker 2`. */
  name: string;
  port: number;
  args: string[];
  folder: string;
  readyUrl: string;
  stopDeadlineMs: number;
  /** What must be done before its first start; runs beside the start of the stack. */
  prepare?: ((say: (sentence: string) => void) => Promise<void>) | undefined;
};

/** A worker finishes its messages in hand before it goes; the others have little to finish. */
const STOP_DEADLINES_MS: Record<ServiceKind, number> = {
  worker: 20_000,
  api: 10_000,
  realtime: 10_000,
  simulator: 5_000,
  dashboard: 3_000,
};

const READY_PATHS: Record<ServiceKind, string> = {
  api: "/readyz",
  worker: "/readyz",
  realtime: "/readyz",
  simulator: "/readyz",
  dashboard: "/config.json",
};

/**
 * The services in the groups they are started in; one group is started together and stopped together, in reverse.
 *
 * @param watch with `node --watch` and Vite's development server
 */
export function planServices(
  ports: PortPlan,
  watch: boolean,
): { simulator: PlannedService; groups: PlannedService[][] } {
  const plan = (kind: ServiceKind, name: string, port: number): PlannedService => {
    const base = `http://127.0.0.1:${port}`;
    const common = { kind, name, port, readyUrl: base + READY_PATHS[kind], stopDeadlineMs: STOP_DEADLINES_MS[kind] };
    if (kind === "dashboard") {
      const args = watch
        ? [viteProgram(), "--host", "127.0.0.1", "--port", String(port), "--strictPort"]
        : [join(dashboardFolder, "server.ts")];
      return { ...common, args, folder: dashboardFolder, prepare: watch ? undefined : buildDashboardIfStale };
    }
    const folder = join(checkoutFolder, "services", kind);
    const entry = join(folder, "src/main.ts");
    return { ...common, args: watch ? ["--watch", "--watch-preserve-output", entry] : [entry], folder };
  };
  return {
    simulator: plan("simulator", "simulator", ports.simulator),
    groups: [
      [plan("api", "api", ports.api)],
      ports.workers.map((port, index) => plan("worker", `worker ${index + 1}`, port)),
      ports.realtime.map((port, index) => plan("realtime", `realtime ${index + 1}`, port)),
      [plan("dashboard", "dashboard", ports.dashboard)],
    ],
  };
}
