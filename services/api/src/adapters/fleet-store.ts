import { FleetMap, Worker } from "@flotilla/shared/contract/http-fleet";
import { AppError } from "@flotilla/shared/contract/problem";
import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { FleetStore } from "../ports.ts";
import { unlessRefused } from "./refusals.ts";

const Workers = z.array(Worker);
const Drained = z.object({ worker: Worker });

/** The fleet as the database sees it: heartbeats and leases, of no tenant. */
export function createFleetStore(client: ServiceClient): FleetStore {
  return {
    list: () => callFunction(client, "list_workers", {}, { schema: Workers }),
    async get(worker) {
      const found = await callFunction(client, "get_worker", { p_worker: worker }, { schema: Worker.nullable() });
      if (found === null) throw new AppError("not_found", "There is no such worker");
      return found;
    },
    async setDraining(worker, draining) {
      const args = { p_worker: worker, p_drain: draining };
      return Drained.parse(unlessRefused(await callFunction(client, "drain_worker", args), "worker")).worker;
    },
    map: () => callFunction(client, "fleet_map", {}, { schema: FleetMap }),
  };
}
