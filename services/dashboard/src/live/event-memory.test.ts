import { expect, test } from "vitest";
import { anEvent } from "../../test/builders.ts";
import { EventMemory } from "./event-memory.ts";

const event = (sequence: number, chat_id = "a") => anEvent("chat.read", sequence, { chat_id });
const sequences = (events: readonly { sequence: number }[] | "forgotten") =>
  events === "forgotten" ? events : events.map(({ sequence }) => sequence);

test("an event is new once, by whichever topic it comes", () => {
  const memory = new EventMemory();
  expect(sequences(memory.takeNew([event(1), event(2)]))).toEqual([1, 2]);
  expect(sequences(memory.takeNew([event(2), event(3)]))).toEqual([3]);
});

test("what came since a position is given in log order, also when it came by two topics", () => {
  const memory = new EventMemory();
  memory.takeNew([event(5), event(8)]);
  memory.takeNew([event(6)]);
  expect(sequences(memory.since(5))).toEqual([6, 8]);
});

test("a position before what is kept is answered honestly", () => {
  const memory = new EventMemory(2);
  memory.takeNew([event(1), event(2), event(3)]);
  expect(memory.since(0)).toBe("forgotten");
  expect(sequences(memory.since(1))).toEqual([2, 3]);
});

test("the newest event about something is found", () => {
  const memory = new EventMemory();
  memory.takeNew([event(1, "a"), event(2, "b")]);
  expect([memory.latestAbout("a"), memory.latestAbout("b"), memory.latestAbout("c")]).toEqual([1, 2, 0]);
});
