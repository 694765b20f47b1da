import { describe, expect, it } from "vitest";
import { DeliveryQueue } from "./delivery-queue.ts";
import { type BinaryNode, children, node } from "./protocol/node.ts";

const message = (id: string): BinaryNode => node("message", { id });
const receipt = (id: string, type?: string): BinaryNode => node("receipt", { id, type });
const names = (sent: BinaryNode[]): string[] =>
  sent.map((each) => [each.attrs["id"] ?? children(each)[0]?.tag, each.attrs["offline"]].filter(Boolean).join(" "));

describe("DeliveryQueue", () => {
  it("announces what waits, sends it when asked, marked and in order, then goes live", () => {
    const queue = new DeliveryQueue();
    const sent: BinaryNode[] = [];
    queue.push(message("A"));
    queue.push(message("B"));
    queue.start((stanza) => sent.push(stanza));
    expect(children(sent[0])[0]?.attrs).toMatchObject({ count: "2", message: "2", receipt: "0" });
    queue.push(message("C"));
    queue.drain();
    queue.push(message("D"));
    expect(names(sent)).toEqual(["offline_preview", "A 0", "B 1", "C 2", "offline", "D"]);
  });

  it("goes live at once when nothing waits", () => {
    const queue = new DeliveryQueue();
    const sent: BinaryNode[] = [];
    queue.start((stanza) => sent.push(stanza));
    queue.push(message("A"));
    expect(names(sent)).toEqual(["offline", "A"]);
    expect(children(sent[0])[0]?.attrs).toEqual({ count: "0" });
  });

  it("delivers again what was not settled, and nothing that was", () => {
    const queue = new DeliveryQueue();
    queue.start(() => undefined);
    for (const stanza of [message("A"), message("B"), receipt("X"), receipt("X", "read")]) queue.push(stanza);
    queue.settle("message", "A", "text");
    queue.settle("receipt", "X");
    queue.stop();
    const sent: BinaryNode[] = [];
    queue.start((stanza) => sent.push(stanza));
    queue.drain();
    expect(names(sent)).toEqual(["offline_preview", "B 0", "X 1", "offline"]);
    expect(sent[2]?.attrs["type"]).toBe("read");
  });

  it("sends nothing while the device is away", () => {
    const queue = new DeliveryQueue();
    const sent: BinaryNode[] = [];
    queue.start((stanza) => sent.push(stanza));
    queue.stop();
    queue.push(message("A"));
    queue.drain();
    expect(names(sent)).toEqual(["offline"]);
    expect(queue.size).toBe(1);
  });
});
