import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parseScenario } from "../src/scenario/parse-scenario.ts";
import { shippedScenarios } from "../src/scenario/scenarios.ts";
import { openSimulator } from "../src/simulator.ts";
import { configWith } from "../src/config.ts";
import pino from "pino";
import { eventually, TestNetwork } from "./client.ts";

const DELIVERED = 3;
const jidOf = (phone: string): string => `${phone}@s.whatsapp.net`;

describe("scenarios", () => {
  let net: TestNetwork;
  beforeAll(async () => {
    net = await TestNetwork.open({ seed: 14 });
  });
  afterEach(async () => net.clean());
  afterAll(async () => net[Symbol.asyncDispose]());
  const network = () => net.simulator.network;
  const post = async (body: unknown): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await fetch(`${net.simulator.controlUrl}/sim/v1/scenarios`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const stateOf = (id: unknown): string | undefined => network().scenarios.get(String(id))?.progress().state;

  it("happen over time: rules come and go, people write, links end", async () => {
    const client = await net.pair();
    const source = `
name: short
steps:
  - { at: 0ms, for: 400ms, do: people, prefix: "1555050", behaviour: { online: false } }
  - { at: 100ms, do: write, from: "15550600001", to: "${client.phone}", text: "number {n}", repeat: { times: 3, every: 20ms } }
  - { at: 600ms, do: end_links, ending: "503" }
`;
    const started = await post({ source });
    expect(started).toMatchObject({ status: 201, body: { state: "running", total: 5, done: 0 } });
    await eventually("the rule is in force", () => !network().behaviourOf("15550500001").online);
    const id = await client.send(jidOf("15550500001"), "are you there?");
    await eventually("the people write", () => client.inbound().length === 3);
    expect(client.inbound().map(({ text }) => text)).toEqual(["number 1", "number 2", "number 3"]);
    await eventually("back, and delivered", () => client.reached(id, DELIVERED));
    await eventually("the end", () => client.closeCodes.includes(503));
    await eventually("done", () => stateOf(started.body["id"]) === "done");
    expect(network().rules.list()).toEqual([]);
    expect(network().scenarios.get(String(started.body["id"]))?.progress().failed).toEqual([]);
  });

  it("that are shipped can be read, started by name and stopped, and leave nothing in force", async () => {
    const shipped = await shippedScenarios();
    expect(shipped.map(({ name }) => name)).toEqual([
      "lid_migration",
      "offline_queue",
      "reconnect_storm",
      "stop_storm",
    ]);
    for (const { name } of shipped) {
      const { status, body } = await post({ name, seed: 5 });
      expect([name, status, body["seed"]]).toEqual([name, 201, 5]);
      await eventually(
        "its first steps",
        () => Number(network().scenarios.get(String(body["id"]))?.progress().done) > 0,
      );
      const path = `${net.simulator.controlUrl}/sim/v1/scenarios/${String(body["id"])}`;
      expect((await fetch(path, { method: "DELETE" })).status).toBe(204);
      expect(((await (await fetch(path)).json()) as { state: string }).state).toBe("stopped");
      expect([network().rules.list(), network().faults.list()]).toEqual([[], []]);
    }
  });

  it("choose the same people under the same seed, and others under another", async () => {
    const stop = (await shippedScenarios()).find(({ name }) => name === "stop_storm");
    const numbers = Array.from({ length: 300 }, (_, index) => String(15550700000 + index));
    const run = async (seed: number): Promise<string[]> => {
      const started = network().scenarios.start({ ...parseScenario(stop?.source ?? ""), seed });
      await eventually("all rules", () => started.progress().done === 3);
      const who = numbers.filter((number) => network().behaviourOf(number).stop !== null);
      started.stop();
      return who;
    };
    const first = await run(1);
    expect(first.length).toBeGreaterThan(60);
    expect(first.length).toBeLessThan(120);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  it("with mistakes are refused with their place", async () => {
    const answer = await post({
      source: "name: bad\nsteps:\n  - at: 1s\n    do: fault\n    fault: { kind: expode }\n",
    });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: "invalid_scenario", errors: [{ line: 5, column: 14, at: "steps.0.fault.kind" }] },
    });
    expect((await post({ name: "no_such" })).status).toBe(404);
    expect((await post({})).status).toBe(422);
  });

  it("can start with the network, and a bad one keeps it from starting", async () => {
    const silent = pino({ level: "silent" });
    await using simulator = await openSimulator(configWith({ port: 0, scenario: "stop_storm" }), silent);
    await eventually("in force", () => simulator.network.rules.list().length === 3);
    await expect(openSimulator(configWith({ port: 0, scenario: "/nowhere.yaml" }), silent)).rejects.toThrow("ENOENT");
  });
});
