import { z } from "zod";
import { stableFraction } from "../random.ts";
import { type Behaviour, behaviourPatchSchema } from "./behaviour.ts";

/** Gives a behaviour to many numbers at once, also to numbers that nobody has met yet. */
export const behaviourRuleSchema = z
  .strictObject({
    phones: z
      .array(z.string().regex(/^\d{7,15}$/, "digits of an international number"))
      .max(100_000)
      .optional(),
    prefix: z
      .string()
      .regex(/^\d{1,15}$/, "digits")
      .optional()
      .describe("Numbers that start so."),
    share: z.number().min(0).max(1).default(1).describe("Part of those numbers; which, follows from the seed."),
    seed: z.int().min(0).default(0).describe("Another seed chooses other numbers."),
    behaviour: behaviourPatchSchema,
  })
  .meta({ id: "BehaviourRule" });

/** See the schema. */
export type BehaviourRule = z.infer<typeof behaviourRuleSchema>;

/** A rule in force. */
export interface ActiveRule extends BehaviourRule {
  readonly id: string;
}

interface Entry {
  readonly rule: ActiveRule;
  readonly phones: ReadonlySet<string> | undefined;
  /** Outlives the process. */
  readonly lasting: boolean;
}

/** Rules as JSON, without those of scenarios. */
export interface SavedRules {
  readonly next: number;
  readonly rules: ActiveRule[];
}

/** Rules in force, later ones above earlier ones. Who falls under a share does not depend on the order of meeting. */
export class BehaviourRules {
  readonly #entries = new Map<string, Entry>();
  readonly #seed: number;
  #next = 1;

  /** `seed`: of the network; a rule's own seed is added to it. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** `lasting` false: of a scenario, which does not outlive the process. */
  add(rule: BehaviourRule, lasting = true): ActiveRule {
    const active = { ...rule, id: `rule-${this.#next++}` };
    this.#put(active, lasting);
    return active;
  }

  save(): SavedRules {
    const lasting = [...this.#entries.values()].filter((entry) => entry.lasting);
    return { next: this.#next, rules: lasting.map(({ rule }) => rule) };
  }

  /** Takes back what `save` returned. */
  load({ next, rules }: SavedRules): void {
    this.#next = next;
    for (const rule of rules) this.#put(rule, true);
  }

  remove(id: string): boolean {
    return this.#entries.delete(id);
  }

  clear(): void {
    this.#entries.clear();
  }

  list(): ActiveRule[] {
    return [...this.#entries.values()].map(({ rule }) => rule);
  }

  /** What the rules say of this number; empty for most. */
  of(phone: string): Partial<Behaviour> {
    if (this.#entries.size === 0) return NOTHING;
    let said: Partial<Behaviour> = NOTHING;
    for (const { rule, phones } of this.#entries.values()) {
      if (phones !== undefined && !phones.has(phone)) continue;
      if (rule.prefix !== undefined && !phone.startsWith(rule.prefix)) continue;
      if (rule.share < 1 && stableFraction(this.#seed + rule.seed, phone) >= rule.share) continue;
      said = { ...said, ...rule.behaviour };
    }
    return said;
  }

  #put(rule: ActiveRule, lasting: boolean): void {
    this.#entries.set(rule.id, { rule, phones: rule.phones && new Set(rule.phones), lasting });
  }
}

const NOTHING: Partial<Behaviour> = Object.freeze({});
