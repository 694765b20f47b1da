import { describe, expect, it } from "vitest";
import { Ledger } from "./ledger.ts";

const at = new Date(0);

describe("Ledger", () => {
  it("tells extra wire copies from copies that a person saw", () => {
    const ledger = new Ledger(100);
    const row = ledger.arrived("1", "9", "A", at);
    ledger.shown(row, "text", "hash");
    ledger.arrived("1", "9", "A", at);
    expect(ledger.summary()).toMatchObject({
      messages: 1,
      wire_copies: 2,
      visible_copies: 1,
      duplicates_wire: 1,
      duplicates_visible: 0,
      undecrypted: 0,
    });
    ledger.shown(row, "text", "hash");
    expect(ledger.summary()).toMatchObject({ visible_copies: 2, duplicates_visible: 1 });
  });

  it("counts the same text under another id, to the same phone only", () => {
    const ledger = new Ledger(100);
    for (const [phone, id] of [
      ["1", "A"],
      ["1", "B"],
      ["2", "C"],
    ] as const) {
      ledger.shown(ledger.arrived(phone, "9", id, at), "text", "hash");
    }
    expect(ledger.summary()).toMatchObject({ messages: 3, repeated_texts: 1, phones: 2 });
  });

  it("counts arrivals for each sender and phone, and keeps senders apart", () => {
    const ledger = new Ledger(100);
    expect(ledger.arrived("1", "9", "A", at).arrival).toBe(1);
    expect(ledger.arrived("1", "8", "A", at).arrival).toBe(1);
    expect(ledger.arrived("1", "9", "B", at).arrival).toBe(2);
    expect(ledger.summary("8")).toMatchObject({ messages: 1, undecrypted: 1 });
    expect(ledger.summary("7")).toMatchObject({ messages: 0, phones: 0 });
  });

  it("forgets the oldest rows beyond its capacity, but not the totals", () => {
    const ledger = new Ledger(2);
    for (const id of ["A", "B", "C"]) ledger.arrived("1", "9", id, at);
    expect(ledger.page({ after: 0, limit: 10 }).map((row) => row.wa_message_id)).toEqual(["B", "C"]);
    expect(ledger.summary().messages).toBe(3);
  });

  it("pages in order of arrival", () => {
    const ledger = new Ledger(100);
    for (const id of ["A", "B", "C"]) ledger.arrived("1", "9", id, at);
    const [first, second] = ledger.page({ after: 0, limit: 2 });
    expect([first?.wa_message_id, second?.wa_message_id]).toEqual(["A", "B"]);
    expect(ledger.page({ after: second?.sequence ?? 0, limit: 2 })).toMatchObject([{ wa_message_id: "C" }]);
    expect(ledger.page({ waMessageId: "B", after: 0, limit: 2 })).toHaveLength(1);
  });

  it("finds the rows of one phone, sender or message among a million without a walk, in bounded memory", () => {
    const ledger = new Ledger(1_000_000);
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 1_200_000; index++) {
      ledger.arrived(`1555${index % 10_000}`, `1666${index % 7}`, `3EB0${index}`, at);
    }
    expect(ledger.size).toBe(1_000_000);
    expect(ledger.summary().messages).toBe(1_200_000);
    const find = () => {
      for (let round = 0; round < 200; round++) {
        expect(ledger.page({ phone: `1555${round}`, after: 900_000, limit: 10 })).toHaveLength(10);
        expect(ledger.page({ sender: "16663", after: 1_100_000, limit: 10 })[0]?.sequence).toBeGreaterThan(1_100_000);
        expect(ledger.page({ waMessageId: `3EB0${500_000 + round}`, after: 0, limit: 10 })).toHaveLength(1);
        expect(ledger.page({ after: 1_150_000, limit: 10 })[0]?.sequence).toBe(1_150_001);
      }
    };
    const ids = Array.from({ length: 1_000_000 }, (_, index) => `3EB0${index}`);
    const walk = () => ids.filter((id) => id === "none");
    // 800 finds against one walk over bare ids, in one run: had each walked, it would be 800 and more.
    expect(millisecondsOf(find) / millisecondsOf(walk)).toBeLessThan(200);
    expect(ledger.page({ waMessageId: "3EB01", after: 0, limit: 10 })).toEqual([]); // long forgotten
    expect((process.memoryUsage().heapUsed - before) / 1e6).toBeLessThan(900);
  }, 60_000);
});

function millisecondsOf(work: () => unknown): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}
