import { expect, test } from "vitest";
import type { StanzaKey } from "../../ports.ts";
import { CarefulStanzas } from "./careful-stanzas.ts";
import { PeerTurns } from "./peer-turns.ts";

const key = (waMessageId: string): StanzaKey => ({ chat: "1@lid", participant: "", waMessageId });

function open({ tries = [] as [string, number][], isActive = true, alone = new PeerTurns() } = {}) {
  const begun: string[] = [];
  const journal = {
    begin: async ({ waMessageId }: StanzaKey) => {
      await Promise.resolve();
      begun.push(waMessageId);
    },
  };
  const known = tries.map(([id, count]) => ({ ...key(id), tries: count }));
  return { begun, careful: new CarefulStanzas({ journal, alone, isActive, tries: known }) };
}

test("counts each stanza once, and not one that was begun three times", async () => {
  const { begun, careful } = open({ tries: [["twice", 2], ["thrice", 3]] }); // prettier-ignore
  expect(await Promise.all([careful.mayTouch(key("a"), true), careful.mayTouch(key("a"), true)])).toEqual([true, true]);
  expect(await careful.mayTouch(key("twice"), true)).toBe(true);
  expect(await careful.mayTouch(key("thrice"), true)).toBe(false);
  expect(begun).toEqual(["a", "twice"]);
});

test("counts nothing while nobody died, nor what is new once all that was kept has come", async () => {
  const calm = open({ tries: [["a", 3]], isActive: false });
  expect(await calm.careful.mayTouch(key("a"), true)).toBe(true);
  const { begun, careful } = open();
  careful.hasAll();
  await careful.mayTouch(key("new"), false);
  await careful.mayTouch(key("still in the library's hands"), true);
  expect(calm.begun).toEqual([]);
  expect(begun).toEqual(["still in the library's hands"]);
});

test("begins a suspect only when no other session is trying one", async () => {
  const alone = new PeerTurns();
  const [one, other] = [open({ tries: [["a", 1]], alone }), open({ tries: [["b", 1]], alone })];
  await one.careful.mayTouch(key("a"), true);
  const second = other.careful.mayTouch(key("b"), true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(other.begun).toEqual([]);
  await one.careful.mayTouch(key("next"), true);
  expect(await second).toBe(true);
  expect(other.begun).toEqual(["b"]);
  other.careful.end();
});
