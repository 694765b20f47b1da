import { announceCap, announceLock } from "../announce-limits.ts";
import { changeLid } from "../device-changes.ts";
import { endLink } from "../endings.ts";
import { AccountLimits } from "../limits.ts";
import type { Network } from "../network.ts";
import { stableFraction } from "../random.ts";
import type { Scenario, ScenarioStep } from "./scenario-schema.ts";

/** How far a run is. `failed`: of the things it did, those that threw. */
export interface ScenarioProgress {
  readonly id: string;
  readonly name: string;
  readonly seed: number;
  readonly state: "running" | "done" | "stopped";
  readonly started_at: string;
  readonly done: number;
  readonly total: number;
  readonly failed: readonly string[];
}

const MAX_FAILURES = 50;

/** One performance of a scenario. What it puts in force ends when its time is up, and when it is stopped. */
export class ScenarioRun {
  readonly id: string;
  readonly #network: Network;
  readonly #scenario: Scenario;
  readonly #startedAt = new Date();
  readonly #total: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #inForce = new Set<() => void>();
  readonly #failed: string[] = [];
  #done = 0;
  #stopped = false;

  constructor(id: string, scenario: Scenario, network: Network) {
    this.id = id;
    this.#network = network;
    this.#scenario = scenario;
    this.#total = scenario.steps.reduce((sum, { repeat }) => sum + (repeat?.times ?? 1), 0);
    for (const [index, step] of scenario.steps.entries()) this.#plan(step, index, 1);
  }

  progress(): ScenarioProgress {
    const finished = this.#done === this.#total && this.#timers.size === 0;
    return {
      id: this.id,
      name: this.#scenario.name,
      seed: this.#scenario.seed,
      state: this.#stopped ? "stopped" : finished ? "done" : "running",
      started_at: this.#startedAt.toISOString(),
      done: this.#done,
      total: this.#total,
      failed: this.#failed,
    };
  }

  /** Nothing more happens, and what it put in force ends. */
  stop(): void {
    if (this.progress().state === "running") this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const end of this.#inForce) end();
    this.#inForce.clear();
  }

  /** The `turn`-th time of a step. Only the next one is planned: a step of 100,000 turns costs one timer. */
  #plan(step: ScenarioStep, index: number, turn: number): void {
    const at = this.#startedAt.getTime() + step.at + (turn - 1) * (step.repeat?.every ?? 0);
    this.#after(at - Date.now(), () => {
      if (turn < (step.repeat?.times ?? 1)) this.#plan(step, index, turn + 1);
      Promise.resolve()
        .then(() => this.#do(step, index, turn))
        .catch((error: unknown) => {
          if (this.#failed.length < MAX_FAILURES) this.#failed.push(`steps.${index} (${step.do}): ${String(error)}`);
        })
        .finally(() => (this.#done += 1));
    });
  }

  #after(ms: number, work: () => void): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        work();
      },
      Math.max(0, ms),
    );
    this.#timers.add(timer);
  }

  async #do(step: ScenarioStep, index: number, turn: number): Promise<void> {
    const network = this.#network;
    const seed = this.#scenario.seed + index;
    switch (step.do) {
      case "people": {
        const { phones, prefix, share, behaviour } = step;
        const of = { phones, prefix, share, behaviour, seed: step.seed + this.#scenario.seed };
        const rule = network.rules.add(of, false);
        this.#lasts(step.for, () => {
          network.rules.remove(rule.id);
          network.wakePhones();
        });
        return network.wakePhones();
      }
      case "fault": {
        const fault = network.faults.add({ ...step.fault, seed: step.fault.seed ?? seed * 1000 + turn }, false);
        return this.#lasts(step.for, () => void network.faults.remove(fault.id));
      }
      case "end_links":
        for (const link of network.links.values()) {
          const phone = link.companion?.address.phone;
          if (phone === undefined || (step.phones && !step.phones.includes(phone))) continue;
          if (step.prefix !== undefined && !phone.startsWith(step.prefix)) continue;
          if (stableFraction(seed * 1000 + turn, phone) >= step.share) continue;
          endLink(link, step.ending, { code: step.code, expireSeconds: step.expire_s });
        }
        return;
      case "write":
        await network.accounts.get(step.from).phone.write(step.to, step.text.replaceAll("{n}", String(turn)));
        return;
      case "change_lid":
        return void changeLid(network, step.phone);
      case "forget_sessions":
        return network.accounts.get(step.phone).phone.signal.forgetSessions();
      case "limits":
        network.limits.set(step.phone, new AccountLimits(step.limits, network.now().getTime()));
        announceLock(network, step.phone);
        return announceCap(network, step.phone);
      case "unlink":
        network.unlink(network.accounts.get(step.phone), step.device, "removed_by_phone");
    }
  }

  #lasts(ms: number | undefined, end: () => void): void {
    this.#inForce.add(end);
    if (ms === undefined) return;
    this.#after(ms, () => {
      this.#inForce.delete(end);
      end();
    });
  }
}
