import { expect, test, vi } from "vitest";
import { aPage, aSession, anEvent } from "../../test/builders.ts";
import { EventMemory } from "./event-memory.ts";
import { readPage, readSteady } from "./read-steady.ts";

test("a row is read again when an event about it arrives meanwhile", async () => {
  const memory = new EventMemory();
  const read = vi
    .fn<() => Promise<string>>()
    .mockImplementationOnce(async () => {
      memory.takeNew([anEvent("session.deleted", 4, {}, { id: "s1" })]);
      return "old";
    })
    .mockResolvedValueOnce("new");
  await expect(readSteady(memory, "s1", read)).resolves.toBe("new");
});

test("a row is read once when nothing about it happens", async () => {
  const memory = new EventMemory();
  const read = vi.fn<() => Promise<string>>().mockImplementation(async () => {
    memory.takeNew([anEvent("session.deleted", 4, {}, { id: "another" })]);
    return "row";
  });
  await readSteady(memory, "s1", read);
  expect(read).toHaveBeenCalledTimes(1);
});

test("a page takes in the events that came after it was read on the server", async () => {
  const memory = new EventMemory();
  const [old, young] = [aSession(), aSession()];
  memory.takeNew([anEvent("session.created", 11, { session: young }, young)]);
  const page = await readPage(memory, { key: ["sessions", {}], continues: false }, async () => aPage([old], 10));
  expect(page.data.map(({ id }) => id)).toEqual([young.id, old.id]);
});

test("a page that continues a list takes no new rows", async () => {
  const memory = new EventMemory();
  const [old, young] = [aSession(), aSession()];
  memory.takeNew([anEvent("session.created", 11, { session: young }, young)]);
  const page = await readPage(memory, { key: ["sessions", {}], continues: true }, async () => aPage([old], 10));
  expect(page.data).toEqual([old]);
});
