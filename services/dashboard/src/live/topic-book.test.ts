import { expect, test } from "vitest";
import { TopicBook } from "./topic-book.ts";

const logId = "11111111-1111-4111-8111-111111111111";
const at = (sequence: number, log_id = logId) => ({ sequence, log_id });
const batch = (from: number, to: number, log_id = logId) => ({ topic: "tenant", log_id, from, to, events: [] });

test("a log topic is subscribed to once somebody knows where to start", () => {
  const book = new TopicBook();
  expect(book.follow("tenant")).toEqual({ kind: "none" });
  expect(book.startFrom("tenant", at(7))).toEqual({ kind: "subscribe", topic: "tenant", after: 7, logId });
  expect(book.startFrom("tenant", at(9))).toEqual({ kind: "none" });
});

test("an answer read earlier than the start makes the topic go back to it", () => {
  const book = new TopicBook();
  book.follow("tenant");
  book.startFrom("tenant", at(20));
  book.take(batch(20, 25));
  expect(book.startFrom("tenant", at(15))).toEqual({ kind: "resume", topic: "tenant", after: 15, logId });
  expect(book.take(batch(15, 25))).toBe("apply");
});

test("a pairing topic starts at once, without a position", () => {
  const book = new TopicBook();
  const subscription = { kind: "subscribe", topic: "pairing:x", after: undefined, logId: undefined };
  expect(book.follow("pairing:x")).toEqual(subscription);
  expect(book.all()).toEqual([subscription]);
});

test("batches are applied without a hole, and a hole is asked for from where we stand", () => {
  const book = new TopicBook();
  book.follow("tenant");
  expect(book.take(batch(0, 3))).toBe("unknown");
  book.startFrom("tenant", at(3));
  expect(book.take(batch(3, 5))).toBe("apply");
  expect(book.take(batch(1, 5))).toBe("drop");
  expect(book.take(batch(7, 9))).toBe("resume");
  expect(book.resumption("tenant")).toEqual({ kind: "resume", topic: "tenant", after: 5, logId });
  expect(book.take(batch(5, 9, "22222222-2222-4222-8222-222222222222"))).toBe("resync");
});

test("a new connection takes up every topic where it stood", () => {
  const book = new TopicBook();
  book.follow("tenant");
  book.startFrom("tenant", at(3));
  book.take(batch(3, 8));
  expect(book.all()).toEqual([{ kind: "subscribe", topic: "tenant", after: 8, logId }]);
});

test("the last follower to leave ends the topic", () => {
  const book = new TopicBook();
  book.follow("tenant");
  book.follow("tenant");
  book.startFrom("tenant", at(3));
  expect(book.release("tenant")).toEqual({ kind: "none" });
  expect(book.release("tenant")).toEqual({ kind: "unsubscribe", topic: "tenant" });
  expect(book.all()).toEqual([]);
});

test("after a resync the next answer says where to start", () => {
  const book = new TopicBook();
  book.follow("tenant");
  book.startFrom("tenant", at(3));
  expect(book.takeResult({ topic: "tenant", resync_required: true, oldest: 90, log_id: logId })).toBe("resync");
  book.forgetPositions();
  expect(book.all()).toEqual([]);
  expect(book.startFrom("tenant", at(95))).toMatchObject({ kind: "subscribe", after: 95 });
});
