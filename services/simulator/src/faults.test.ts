import { describe, expect, it } from "vitest";
import { type Fault, Faults, faultSchema, seededRandom } from "./faults.ts";

const fault = (of: Partial<Fault>): Fault => faultSchema.parse({ kind: "ack_error", ...of });
const hits = (faults: Faults, times: number): number =>
  Array.from({ length: times }, () => faults.hit("ack_error", { sender: "1" })).filter(Boolean).length;

describe("Faults", () => {
  it("hit the same cases for the same seed, about as many as their share", () => {
    const run = (seed: number): number => {
      const faults = new Faults(seededRandom(seed));
      faults.add(fault({ share: 0.3 }));
      return hits(faults, 1000);
    };
    expect(run(5)).toBe(run(5));
    expect(run(5)).toBeGreaterThan(250);
    expect(run(5)).toBeLessThan(350);
  });

  it("end after their number of times, and when removed", () => {
    const faults = new Faults(seededRandom(1));
    faults.add(fault({ times: 2 }));
    expect(hits(faults, 5)).toBe(2);
    const { id } = faults.add(fault({}));
    expect(faults.remove(id)).toBe(true);
    expect(hits(faults, 5)).toBe(0);
  });

  it("hit only the senders and recipients they name, and only their kind", () => {
    const faults = new Faults(seededRandom(1));
    faults.add(fault({ sender: "1", recipient_prefix: "99" }));
    expect(faults.hit("ack_error", { sender: "2", recipient: "991" })).toBeUndefined();
    expect(faults.hit("ack_error", { sender: "1", recipient: "981" })).toBeUndefined();
    expect(faults.hit("drop_ack", { sender: "1", recipient: "991" })).toBeUndefined();
    expect(faults.hit("ack_error", { sender: "1", recipient: "991" })).toMatchObject({ code: 463, hits: 1 });
  });
});
