import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Network } from "../network.ts";
import { parseScenario } from "./parse-scenario.ts";
import type { Scenario } from "./scenario-schema.ts";
import { ScenarioRun } from "./scenario-run.ts";

const SHIPPED = new URL("../../scenarios/", import.meta.url);
const REMEMBERED_RUNS = 100;

/** A scenario that comes with the simulator. */
export interface ShippedScenario {
  readonly name: string;
  readonly about: string;
  readonly source: string;
}

/** The scenarios that were started, newest last; the oldest finished ones are forgotten. */
export class Scenarios {
  readonly #network: Network;
  readonly #runs = new Map<string, ScenarioRun>();
  #next = 1;

  constructor(network: Network) {
    this.#network = network;
  }

  start(scenario: Scenario): ScenarioRun {
    const run = new ScenarioRun(`scenario-${this.#next++}`, scenario, this.#network);
    this.#runs.set(run.id, run);
    for (const [id, old] of this.#runs) {
      if (this.#runs.size <= REMEMBERED_RUNS) break;
      if (old.progress().state !== "running") this.#runs.delete(id);
    }
    return run;
  }

  get(id: string): ScenarioRun | undefined {
    return this.#runs.get(id);
  }

  list(): ScenarioRun[] {
    return [...this.#runs.values()];
  }

  /** Ends all of them and what they put in force. */
  stopAll(): void {
    for (const run of this.#runs.values()) run.stop();
  }
}

/** The scenarios in the folder `scenarios`, by name. */
export async function shippedScenarios(): Promise<ShippedScenario[]> {
  const files = (await readdir(SHIPPED)).filter((file) => file.endsWith(".yaml")).toSorted();
  return Promise.all(
    files.map(async (file) => {
      const source = await readFile(new URL(file, SHIPPED), "utf8");
      const { name, about = "" } = parseScenario(source);
      return { name, about, source };
    }),
  );
}

/**
 * A scenario by the name of a shipped one or by its file. Throws ScenarioError when it is none, and what reading the
 * file throws.
 */
export async function findScenario(nameOrFile: string): Promise<Scenario> {
  const shipped = fileURLToPath(new URL(`${nameOrFile}.yaml`, SHIPPED));
  const path = /^[a-z0-9_-]+$/.test(nameOrFile) ? shipped : nameOrFile;
  return parseScenario(await readFile(path, "utf8"));
}
