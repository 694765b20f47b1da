import { z } from "zod";

/** A rule that breaks something on purpose. */
export const faultSchema = z
  .strictObject({
    kind: z.enum(["ack_error", "drop_ack", "delay_ack", "drop_message", "refuse_login"]),
    sender: z.string().optional().describe("Only this account; all when absent."),
    recipient_prefix: z.string().optional().describe("Only messages to numbers that start so."),
    code: z.int().min(400).max(599).default(463).describe("For ack_error and refuse_login."),
    delay_ms: z.int().min(0).max(600_000).default(1000).describe("For delay_ack."),
    share: z.number().min(0).max(1).default(1).describe("Part of the cases that it hits, chosen by the seed."),
    times: z.int().min(1).optional().describe("Ends after so many hits."),
  })
  .meta({ id: "Fault" });

/** See the schema. */
export type Fault = z.infer<typeof faultSchema>;

/** A rule in force. */
export interface ActiveFault extends Fault {
  readonly id: string;
  hits: number;
}

/** Faults in force. The same seed and the same traffic give the same hits. */
export class Faults {
  readonly #active = new Map<string, ActiveFault>();
  readonly #random: () => number;
  #next = 1;

  /** `random` in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  add(fault: Fault): ActiveFault {
    const active = { ...fault, id: `fault-${this.#next++}`, hits: 0 };
    this.#active.set(active.id, active);
    return active;
  }

  remove(id: string): boolean {
    return this.#active.delete(id);
  }

  clear(): void {
    this.#active.clear();
  }

  list(): ActiveFault[] {
    return [...this.#active.values()];
  }

  /** The first rule of this kind that hits this case; counts the hit. */
  hit(kind: Fault["kind"], of: { sender: string; recipient?: string }): ActiveFault | undefined {
    for (const fault of this.#active.values()) {
      if (fault.kind !== kind) continue;
      if (fault.sender !== undefined && fault.sender !== of.sender) continue;
      if (fault.recipient_prefix !== undefined && !of.recipient?.startsWith(fault.recipient_prefix)) continue;
      if (fault.times !== undefined && fault.hits >= fault.times) continue;
      if (this.#random() >= fault.share) continue;
      fault.hits += 1;
      return fault;
    }
    return undefined;
  }
}

/** A small generator (mulberry32) whose numbers depend only on the seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
