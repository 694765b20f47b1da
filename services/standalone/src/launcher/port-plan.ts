import { portOrAnother } from "../embedded/free-port.ts";

/** The ports of one platform, each with the name people know it by. */
export type PortPlan = {
  supabase: number;
  simulator: number;
  api: number;
  realtime: number[];
  workers: number[];
  dashboard: number;
  /** A sentence for each port that was taken. */
  notices: string[];
};

/** Where each part is found when nothing else is in the way. Workers have an operations port only. */
const WANTED_PORTS = { supabase: 54_321, simulator: 3010, api: 3001, dashboard: 5173 } as const;
const REALTIME_PORTS = [3002, 3012];
const FIRST_WORKER_PORT = 3003;
const WORKER_PORTS_BELOW_SIMULATOR = 7;

/** Takes the wanted ports that are free and others for the rest; says so by name. */
export async function planPorts(workers: number): Promise<PortPlan> {
  const notices: string[] = [];
  const taken = new Set<number>();
  const take = async (name: string, wanted: number): Promise<number> => {
    const { port, wasBusy } = await portOrAnother(wanted);
    if (taken.has(port)) return await take(name, 0);
    if (wasBusy) notices.push(`port ${wanted} (${name}) is taken by another program: ${name} is at ${port} this time`);
    taken.add(port);
    return port;
  };
  const supabase = await take("Supabase", WANTED_PORTS.supabase);
  const simulator = await take("the simulator", WANTED_PORTS.simulator);
  const api = await take("the API", WANTED_PORTS.api);
  const realtime: number[] = [];
  for (const [index, port] of REALTIME_PORTS.entries()) realtime.push(await take(`realtime ${index + 1}`, port));
  const dashboard = await take("the dashboard", WANTED_PORTS.dashboard);
  const workerPorts: number[] = [];
  for (let index = 0; index < workers; index++) {
    const wanted = index < WORKER_PORTS_BELOW_SIMULATOR ? FIRST_WORKER_PORT + index : 0;
    workerPorts.push(await take(`worker ${index + 1}`, wanted));
  }
  return { supabase, simulator, api, realtime, workers: workerPorts, dashboard, notices };
}
