import { expect, it } from "vitest";
import { decodeAck, decodeReceipt } from "./decode-receipt.ts";

const receipt = (attrs: Record<string, string>, ids: string[] = []) =>
  decodeReceipt(
    {
      tag: "receipt",
      attrs,
      ...(ids.length === 0
        ? {}
        : { content: [{ tag: "list", attrs: {}, content: ids.map((id) => ({ tag: "item", attrs: { id } })) }] }),
    },
    5_000,
  );

it("takes a receipt without a type for delivered, at the time the server gives", () => {
  expect(receipt({ id: "A", t: "17" })).toEqual([
    { kind: "receipt", waMessageIds: ["A"], status: "delivered", atMs: 17_000 },
  ]);
});

it("names every message of a list", () => {
  expect(receipt({ id: "A", type: "read" }, ["B", "C"])).toEqual([
    { kind: "receipt", waMessageIds: ["A", "B", "C"], status: "read", atMs: 5_000 },
  ]);
});

it("takes the own phone's copy for the server's acceptance", () => {
  expect(receipt({ id: "A", type: "sender" })).toEqual([{ kind: "ack", waMessageId: "A", error: null }]);
});

it.each(["retry", "read-self", "peer_msg", "hist_sync", "server-error"])(
  "hears nothing about the recipient in %s",
  (type) => {
    expect(receipt({ id: "A", type })).toEqual([]);
  },
);

it("passes the code of a refused message on", () => {
  expect(decodeAck({ tag: "ack", attrs: { id: "A", error: "463" } })).toEqual({
    kind: "ack",
    waMessageId: "A",
    error: "463",
  });
});
