import { expect, test } from "vitest";
import type { OutboundRow } from "../ports.ts";
import { Lane } from "./lane.ts";

const row = (seq: number) => ({ id: `row-${seq}`, seq, chat_id: `chat-${seq}` }) as OutboundRow;
const view = (next: number) => ({ session_id: "s", lane: 0, state: "run" as const, weight: 8, next_seq: next });
const nobody = () => new Set<string>();
const first = (lane: Lane) => lane.firstReady(() => false)?.seq;

test("an answer that is older than a row's sending does not bring the row again", () => {
  const lane = new Lane(0);
  lane.beginRead(10, nobody)([row(1), row(2)], 2, view(3));
  lane.reading = false;
  lane.rewindTo(1);
  lane.take(row(1));
  const onWire = new Set(["row-1"]);
  const finish = lane.beginRead(10, () => new Set(onWire));
  // The first got its ack and the second was taken and sent while the answer was under way.
  onWire.clear();
  lane.take(row(2));
  finish([row(1), row(2), row(3)], 3, view(4));
  expect(first(lane)).toBe(3);
});

test("a row that came back while a read was under way is found by the next one", () => {
  const lane = new Lane(0);
  const finish = lane.beginRead(10, () => new Set(["row-1"]));
  lane.rewindTo(1);
  finish([row(1)], 1, view(2));
  expect(first(lane)).toBeUndefined();
  expect(lane.wanted).toBe(true);
  lane.beginRead(10, nobody)([row(1)], 1, view(2));
  expect(first(lane)).toBe(1);
});

test("a full page of which some rows could not be read is not the end of the lane", () => {
  const lane = new Lane(0);
  lane.beginRead(3, nobody)([row(1), row(3)], 3, view(100));
  expect(lane).toMatchObject({ cursor: 3, wanted: true });
});
