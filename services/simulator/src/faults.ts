import type { Fault, FaultKind } from "./fault-schema.ts";
import { seededRandom, stableFraction } from "./random.ts";

/** A rule in force. */
export type ActiveFault<K extends FaultKind = FaultKind> = Extract<Fault, { kind: K }> & {
  readonly id: string;
  hits: number;
};

/** A case that a rule may hit. What a kind does not have (a login has no recipient) is absent. */
export interface FaultCase {
  readonly sender?: string | undefined;
  readonly recipient?: string | undefined;
  /** For kinds that choose further, by `on`, `xmlns`, `tag` or `operation`. */
  readonly where?: Readonly<Record<string, string | undefined>> | undefined;
}

/** What any kind may choose by; each has some of them. */
interface Selectors {
  readonly share: number;
  readonly sender?: string | undefined;
  readonly sender_prefix?: string | undefined;
  readonly recipient?: string | undefined;
  readonly recipient_prefix?: string | undefined;
  readonly share_of?: "cases" | "senders" | "recipients";
}

interface Entry {
  readonly fault: ActiveFault;
  readonly seed: number;
  readonly random: () => number;
  /** Outlives the process. */
  readonly lasting: boolean;
  cases: number;
  /** How often chance was asked. */
  draws: number;
}

/** Faults as JSON, without those of scenarios; each goes on where it was, its chance too. */
export interface SavedFaults {
  readonly next: number;
  readonly faults: { fault: ActiveFault; seed: number; cases: number; draws: number }[];
}

/** Faults in force. The same seed, the same rules and the same traffic give the same hits; rules do not mix. */
export class Faults {
  readonly #byKind = new Map<FaultKind, Map<string, Entry>>();
  readonly #seed: number;
  #next = 1;

  /** `seed`: of the network, for rules without one of their own. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** `lasting` false: of a scenario, which does not outlive the process. */
  add(fault: Fault, lasting = true): ActiveFault {
    const number = this.#next++;
    const active: ActiveFault = { ...fault, id: `fault-${number}`, hits: 0 };
    const seed = fault.seed ?? this.#seed + number;
    this.#put({ fault: active, seed, random: seededRandom(seed), lasting, cases: 0, draws: 0 });
    return active;
  }

  save(): SavedFaults {
    const lasting = [...this.#byKind.values()].flatMap((entries) =>
      [...entries.values()].filter((each) => each.lasting),
    );
    return {
      next: this.#next,
      faults: lasting.map(({ fault, seed, cases, draws }) => ({ fault, seed, cases, draws })),
    };
  }

  /** Takes back what `save` returned. */
  load({ next, faults }: SavedFaults): void {
    this.#next = next;
    for (const saved of faults) {
      const random = seededRandom(saved.seed);
      for (let draw = 0; draw < saved.draws; draw++) random();
      this.#put({ ...saved, random, lasting: true });
    }
  }

  remove(id: string): boolean {
    for (const [kind, entries] of this.#byKind) {
      if (!entries.delete(id)) continue;
      if (entries.size === 0) this.#byKind.delete(kind);
      return true;
    }
    return false;
  }

  clear(): void {
    this.#byKind.clear();
    this.#next = 1;
  }

  list(): ActiveFault[] {
    return [...this.#byKind.values()].flatMap((entries) => [...entries.values()].map(({ fault }) => fault));
  }

  /** The first rule of this kind that hits this case; counts the hit. */
  hit<K extends FaultKind>(kind: K, of: FaultCase): ActiveFault<K> | undefined {
    const entries = this.#byKind.get(kind);
    if (!entries) return undefined;
    for (const entry of entries.values()) {
      if (!selects(entry.fault, of)) continue;
      entry.cases += 1;
      if (entry.cases <= entry.fault.after) continue;
      if (entry.fault.times !== undefined && entry.fault.hits >= entry.fault.times) continue;
      if (fractionOf(entry, of) >= entry.fault.share) continue;
      entry.fault.hits += 1;
      return entry.fault as ActiveFault<K>;
    }
    return undefined;
  }

  #put(entry: Entry): void {
    const { kind, id } = entry.fault;
    let entries = this.#byKind.get(kind);
    if (!entries) this.#byKind.set(kind, (entries = new Map()));
    entries.set(id, entry);
  }
}

function selects(fault: ActiveFault, { sender, recipient, where }: FaultCase): boolean {
  const wanted: Selectors = fault;
  if (wanted.sender !== undefined && wanted.sender !== sender) return false;
  if (wanted.sender_prefix !== undefined && !sender?.startsWith(wanted.sender_prefix)) return false;
  if (wanted.recipient !== undefined && wanted.recipient !== recipient) return false;
  if (wanted.recipient_prefix !== undefined && !recipient?.startsWith(wanted.recipient_prefix)) return false;
  if (fault.kind === "end_link") return fault.on === where?.["on"];
  if (fault.kind === "media") return fault.operation === "both" || fault.operation === where?.["operation"];
  if (fault.kind !== "withhold_answer" && fault.kind !== "refuse_query") return true;
  if (fault.xmlns !== undefined && fault.xmlns !== where?.["xmlns"]) return false;
  return fault.tag === undefined || fault.tag === where?.["tag"];
}

function fractionOf(entry: Entry, { sender, recipient }: FaultCase): number {
  const { fault, seed } = entry;
  const { share_of: of }: Selectors = fault;
  if (of === "senders") return stableFraction(seed, sender ?? "");
  if (of === "recipients") return stableFraction(seed, recipient ?? "");
  entry.draws += 1;
  return entry.random();
}

/** How long this hit takes: the delay, and up to the jitter more. `random` in [0, 1). */
export function delayOf(fault: { delay_ms: number; jitter_ms: number }, random: () => number): number {
  return fault.delay_ms + (fault.jitter_ms > 0 ? Math.floor(random() * (fault.jitter_ms + 1)) : 0);
}
