import { z } from "zod";
import type { Network } from "../network.ts";
import { parseScenario } from "../scenario/parse-scenario.ts";
import { scenarioSchema } from "../scenario/scenario-schema.ts";
import { shippedScenarios } from "../scenario/scenarios.ts";
import { Problem } from "./problem.ts";
import { type Route, route } from "./route.ts";

const byId = z.strictObject({ id: z.string() });
const progress = z
  .object({
    id: z.string(),
    name: z.string(),
    seed: z.int(),
    state: z.enum(["running", "done", "stopped"]),
    started_at: z.string(),
    done: z.int(),
    total: z.int(),
    failed: z.array(z.string()),
  })
  .meta({ id: "ScenarioProgress" });
const seed = z.int().min(0).optional().describe("Instead of the one in the scenario.");
const wanted = z.union([
  z.strictObject({ name: z.string().max(100).describe("Of a shipped scenario."), seed }),
  z.strictObject({ source: z.string().max(500_000).describe("YAML or JSON."), seed }),
  z.strictObject({ scenario: scenarioSchema, seed }),
]);

/** Scenarios: people and faults over time. */
export function scriptingRoutes(network: Network): Route[] {
  const known = (id: string) => {
    const run = network.scenarios.get(id);
    if (!run) throw new Problem(404, "not_found", `There is no scenario ${id}.`);
    return run;
  };
  return [
    route({
      method: "get",
      path: "/sim/v1/scenarios",
      summary: "Shipped scenarios, and the runs of scenarios",
      response: z.object({
        shipped: z.array(z.object({ name: z.string(), about: z.string(), source: z.string() })),
        runs: z.array(progress),
      }),
      handle: async () => ({
        shipped: await shippedScenarios(),
        runs: network.scenarios.list().map((run) => run.progress()),
      }),
    }),
    route({
      method: "post",
      path: "/sim/v1/scenarios",
      summary: "Start a scenario: a shipped one, a text, or an object",
      status: 201,
      body: wanted,
      response: progress,
      handle: async ({ body }) => {
        const scenario = "scenario" in body ? body.scenario : parseScenario(await sourceOf(body));
        return network.scenarios.start({ ...scenario, seed: body.seed ?? scenario.seed }).progress();
      },
    }),
    route({
      method: "get",
      path: "/sim/v1/scenarios/:id",
      summary: "How far a scenario is",
      params: byId,
      response: progress,
      handle: ({ params }) => known(params.id).progress(),
    }),
    route({
      method: "delete",
      path: "/sim/v1/scenarios/:id",
      summary: "Stop a scenario and end what it put in force",
      params: byId,
      handle: ({ params }) => known(params.id).stop(),
    }),
  ];
}

async function sourceOf(body: { name: string } | { source: string }): Promise<string> {
  if ("source" in body) return body.source;
  const shipped = (await shippedScenarios()).find(({ name }) => name === body.name);
  if (!shipped) throw new Problem(404, "not_found", `There is no shipped scenario ${body.name}.`);
  return shipped.source;
}
