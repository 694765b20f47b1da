import { waitFor } from "@flotilla/shared/testing/wait-for";
import { afterEach, describe, expect, test } from "vitest";
import { openRig, stopPumps } from "../../test/pump-rig.ts";
import { UnsupportedContent } from "../ports.ts";
import { createSlots } from "./slots.ts";

afterEach(stopPumps);

describe("without an answer", () => {
  test("a message that waits for a person lets its chat go on, and is sent again under its id when the person says so", async () => {
    let silent = true;
    const rig = openRig({ answer: (row) => (row.seq === 1 && silent ? undefined : null) });
    const [first, second] = rig.add(2, 0, () => "chat", { on_unknown: "hold" });
    await rig.pump.start();
    await waitFor(() => rig.rows.get(second!.id)!.status === "sent", { describe: "the second" });
    expect(rig.rows.get(first!.id)).toMatchObject({ status: "unknown", status_reason: "awaiting_person" });
    expect(rig.sent.map(({ row }) => row.seq)).toEqual([1, 2]);
    silent = false;
    rig.setInflight(() =>
      [...rig.rows.values()].filter(({ status }) => status === "unknown").map((row) => ({ ...row })),
    );
    rig.pump.lookAtWire();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(rig.sent).toHaveLength(2);
    rig.rows.get(first!.id)!.status_reason = "resend_asked";
    rig.pump.lookAtWire();
    await rig.allAre("sent");
    expect(rig.sent[2]).toMatchObject({ row: { wa_message_id: first!.wa_message_id }, claim: { resend: true } });
    expect(rig.resolutions).toEqual(["awaiting_person", "resend"]);
  });

  test("after three writes it waits for evidence, not for ever: its time ends it and its chat goes on", async () => {
    const rig = openRig({
      answer: (row) => (row.chat_id === "mute" && row.seq < 3 ? undefined : null),
      ackTimeoutMs: 30,
    });
    const [mute] = rig.add(1, 0, () => "mute", { expires_at_ms: performance.now() + 700 });
    rig.add(1, 0, () => "mute", { seq: 9 });
    await rig.pump.start();
    const chatter = setInterval(() => {
      rig.add(1, 0, (n) => `other-${n}`);
      rig.pump.wake(0);
    }, 10);
    await waitFor(() => rig.rows.get(mute!.id)!.status === "failed", { describe: "the end of its time" });
    clearInterval(chatter);
    expect(rig.sent.filter(({ row }) => row.id === mute!.id)).toHaveLength(3);
    expect(rig.marks.find(({ id, status }) => id === mute!.id && status === "failed")?.failure?.code).toBe("no_ack");
    await waitFor(() => rig.sent.some(({ row }) => row.seq === 9), { describe: "the next of its chat" });
  });

  test("479 drops the list of devices and is tried once more before its followers; the second is final", async () => {
    const rig = openRig({ answer: (row) => (row.seq === 1 ? "479" : null) });
    const [first] = rig.add(3, 0, () => "chat");
    await rig.pump.start();
    await waitFor(() => rig.rows.get(first!.id)!.status === "failed", { describe: "the end" });
    await waitFor(() => rig.sent.length === 4, { describe: "its followers" });
    expect(rig.sent.map(({ row }) => row.seq)).toEqual([1, 1, 2, 3]);
    expect(new Set(rig.sent.slice(0, 2).map(({ row }) => row.wa_message_id)).size).toBe(1);
    expect(rig.forgotten).toEqual([first!.jid]);
  });
});

describe("after an owner died", () => {
  test("the first of each chat is counted before it is touched, the others are not, and an outcome clears the count", async () => {
    const rig = openRig({ unclean: true });
    const rows = rig.add(12, 0, (n) => `chat-${n % 4}`);
    rig.failSend((row) =>
      row.seq <= 4 && !rig.counted.includes(row.id) ? new Error("touched before it counted") : null,
    );
    await rig.pump.start();
    await rig.allAre("sent");
    expect(rig.counted.toSorted()).toEqual(
      rows
        .slice(0, 4)
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(rig.marks.every(({ status }) => status === "sent")).toBe(true);
    expect([...rig.rows.values()].every(({ deaths }) => deaths === 0)).toBe(true);
    rig.add(3, 0, (n) => `new-${n}`);
    rig.pump.wake(0);
    await rig.allAre("sent");
    expect(rig.counted).toHaveLength(4);
  });

  test("what was on the wire is counted, and after three counted deaths set aside without being touched", async () => {
    const rig = openRig({ unclean: true });
    const [killer, wire] = rig.add(2, 0, (n) => `chat-${n}`);
    const [follower] = rig.add(1, 0, () => "chat-0");
    rig.rows.get(killer!.id)!.status = "unknown";
    rig.rows.get(killer!.id)!.deaths = 3;
    rig.rows.get(wire!.id)!.status = "sending";
    rig.setInflight([killer!, wire!].map(({ id }) => ({ ...rig.rows.get(id)! })));
    await rig.pump.start();
    await waitFor(() => rig.rows.get(follower!.id)!.status === "sent", { describe: "its follower" });
    await waitFor(() => rig.rows.get(wire!.id)!.status === "sent", { describe: "the other" });
    expect(rig.marks.find(({ id }) => id === killer!.id)).toMatchObject({ status: "failed", reason: "poisoned" });
    expect(rig.sent.some(({ row }) => row.id === killer!.id)).toBe(false);
    expect(rig.counted).toContain(wire!.id);
  });

  test("what was counted before is tried alone in the process, so that no neighbour is blamed for it", async () => {
    const alone = createSlots(1);
    const rig = openRig({
      unclean: true,
      alone,
      answer: (row) => (row.chat_id === "chat-0" ? undefined : null),
      ackTimeoutMs: 5_000,
    });
    const [first, second] = rig.add(2, 0, (n) => `chat-${n}`, { deaths: 1 });
    await rig.pump.start();
    await waitFor(() => rig.sent.length === 1, { describe: "the first" });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(rig.counted).toEqual([first!.id]);
    rig.pump.acked(first!.wa_message_id, null);
    await waitFor(() => rig.rows.get(second!.id)!.status === "sent", { describe: "the second" });
  });

  test("after an orderly hand-over nothing is counted", async () => {
    const rig = openRig();
    rig.add(4, 0, (n) => `chat-${n}`);
    await rig.pump.start();
    await rig.allAre("sent");
    expect(rig.counted).toEqual([]);
  });
});

describe("bad rows", () => {
  test("one that cannot be read, and one whose content nobody can send, are set aside; their lane goes on", async () => {
    const rig = openRig();
    const rows = rig.add(5, 0, () => "chat");
    rig.unreadable.add(rows[1]!.id);
    rig.failSend((row) => (row.seq === 3 ? new UnsupportedContent("a poll without choices") : null));
    await rig.pump.start();
    await waitFor(() => rig.rows.get(rows[4]!.id)!.status === "sent", { describe: "the last" });
    await waitFor(() => rig.rows.get(rows[1]!.id)!.status === "failed", { describe: "the unreadable" });
    expect(rig.rows.get(rows[2]!.id)).toMatchObject({ status: "failed", status_reason: "unsupported_content" });
    expect(rig.sent.map(({ row }) => row.seq)).toEqual([1, 4, 5]);
  });

  test("one that throws each time before it can be claimed is given up after five tries", async () => {
    const rig = openRig();
    const [bad] = rig.add(1, 0, () => "chat");
    rig.rows.get(bad!.id)!.attempts = 4;
    rig.failSend(() => new Error("throws"));
    await rig.pump.start();
    await rig.allAre("failed");
    expect(rig.rows.get(bad!.id)!.status_reason).toBe("encryption_failed");
  });
});
