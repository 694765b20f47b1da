import { describe, expect, it } from "vitest";
import { faultSchema } from "./fault-schema.ts";
import { Faults } from "./faults.ts";

type Input = Record<string, unknown>;
const fault = (of: Input) => faultSchema.parse({ kind: "ack_error", ...of });
const hits = (faults: Faults, times: number, sender = "1"): number =>
  Array.from({ length: times }, () => faults.hit("ack_error", { sender })).filter(Boolean).length;

describe("Faults", () => {
  it("hit the same cases for the same seed, about as many as their share", () => {
    const run = (seed: number): string => {
      const faults = new Faults(seed);
      faults.add(fault({ share: 0.3 }));
      return Array.from({ length: 1000 }, () => (faults.hit("ack_error", { sender: "1" }) ? "x" : ".")).join("");
    };
    expect(run(5)).toBe(run(5));
    expect(run(5)).not.toBe(run(6));
    expect(run(5).replaceAll(".", "").length).toBeGreaterThan(250);
    expect(run(5).replaceAll(".", "").length).toBeLessThan(350);
  });

  it("are not disturbed by one another", () => {
    const alone = new Faults(5);
    alone.add(fault({ share: 0.5, seed: 3 }));
    const together = new Faults(5);
    together.add(faultSchema.parse({ kind: "drop_ack", share: 0.5 }));
    together.add(fault({ share: 0.5, seed: 3 }));
    for (let round = 0; round < 200; round++) {
      together.hit("drop_ack", { sender: "1" });
      expect(together.hit("ack_error", {}) === undefined).toBe(alone.hit("ack_error", {}) === undefined);
    }
  });

  it("hit a share of senders always, and the others never", () => {
    const faults = new Faults(1);
    faults.add(fault({ share: 0.5, share_of: "senders" }));
    const counts = Array.from({ length: 100 }, (_, index) => hits(faults, 3, String(index)));
    expect(new Set(counts)).toEqual(new Set([0, 3]));
  });

  it("let the first cases pass, end after their number of times, and when removed", () => {
    const faults = new Faults(1);
    faults.add(fault({ after: 3, times: 2 }));
    expect([hits(faults, 3), hits(faults, 5)]).toEqual([0, 2]);
    const { id } = faults.add(fault({}));
    expect(faults.remove(id)).toBe(true);
    expect(faults.remove(id)).toBe(false);
    expect(hits(faults, 5)).toBe(0);
  });

  it("hit only the senders, recipients and queries they name, and only their kind", () => {
    const faults = new Faults(1);
    faults.add(fault({ sender: "1", recipient_prefix: "99" }));
    expect(faults.hit("ack_error", { sender: "2", recipient: "991" })).toBeUndefined();
    expect(faults.hit("ack_error", { sender: "1", recipient: "981" })).toBeUndefined();
    expect(faults.hit("drop_ack", { sender: "1", recipient: "991" })).toBeUndefined();
    expect(faults.hit("ack_error", { sender: "1", recipient: "991" })).toMatchObject({ code: 463, hits: 1 });
    faults.add(faultSchema.parse({ kind: "refuse_query", xmlns: "usync" }));
    expect(faults.hit("refuse_query", { where: { xmlns: "w:g2" } })).toBeUndefined();
    expect(faults.hit("refuse_query", { where: { xmlns: "usync" } })).toMatchObject({ code: 429 });
  });

  it.each<[string, Input]>([
    ["a kind that does not exist", { kind: "explode" }],
    ["what the kind does not take", { kind: "drop_ack", code: 463 }],
    ["a share above one", { share: 1.5 }],
    ["a code that is none", { code: 200 }],
    ["a recipient where there is none", { kind: "refuse_login", recipient: "15550001111" }],
    ["an ending that does not exist", { kind: "end_link", ending: "politely" }],
  ])("are refused with %s", (_what, input) => {
    expect(faultSchema.safeParse({ kind: "ack_error", ...input }).success).toBe(false);
  });
});
