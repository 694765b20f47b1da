import { waitFor } from "@flotilla/shared/testing/wait-for";
import { afterEach, describe, expect, test } from "vitest";
import { openRig, session, stopPumps } from "../../test/pump-rig.ts";
import { ClaimRefused, LeaseLost } from "../ports.ts";

afterEach(stopPumps);

const few = (n: number) => `chat-${n % 5}`;

describe("order", () => {
  test("each chat in order, one message of a chat on the wire at a time, at most eight chats at once", async () => {
    const rig = openRig();
    rig.add(300, 0, (n) => `chat-${n % 20}`);
    await rig.pump.start();
    await rig.allAre("sent");
    expect(rig.sent).toHaveLength(300);
    expect(rig.widest()).toBe(1);
    expect(rig.most()).toBeGreaterThan(1);
    expect(rig.most()).toBeLessThanOrEqual(8);
    for (let chat = 0; chat < 20; chat++) {
      const order = rig.sent.filter(({ row }) => row.chat_id === `chat-${chat}`).map(({ row }) => row.seq);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }
  });

  test("a message refused for now holds its chat, not the others, and goes before its followers", async () => {
    let refusals = 1;
    const rig = openRig({ answer: (row) => (row.seq === 1 && refusals-- > 0 ? "503" : null) });
    rig.add(20, 0, few);
    await rig.pump.start();
    await waitFor(() => rig.sent.length >= 16, { describe: "the other chats" });
    expect(rig.sent.filter(({ row }) => row.chat_id === "chat-0")).toHaveLength(1);
    await rig.allAre("sent");
    expect(rig.sent.filter(({ row }) => row.chat_id === "chat-0").map(({ row }) => row.seq)).toEqual([1, 1, 6, 11, 16]);
  });

  test("interactive messages go past a campaign's backlog", async () => {
    const rig = openRig({ profile: { perMinute: 6_000, burst: 4 } });
    rig.add(200, 7, (n) => `c-${n}`);
    await rig.pump.start();
    rig.pump.wake(7);
    await waitFor(() => rig.sent.length > 10, { describe: "the campaign to run" });
    const before = rig.sent.length;
    rig.add(10, 0, (n) => `i-${n}`);
    rig.pump.wake(0);
    await waitFor(() => rig.sent.filter(({ row }) => row.lane === 0).length === 10, { describe: "the ten" });
    expect(rig.sent.slice(before).filter(({ row }) => row.lane === 7).length).toBeLessThan(10);
  });
});

describe("outcomes", () => {
  test("no answer in time: unknown, then the same id again as a repeat", async () => {
    let silent = 1;
    const rig = openRig({ answer: () => (silent-- > 0 ? undefined : null) });
    rig.add(1, 0, few);
    await rig.pump.start();
    await rig.allAre("sent");
    expect(rig.marks.map(({ status }) => status)).toEqual(["unknown", "sent"]);
    expect(rig.sent.map(({ claim }) => claim.resend)).toEqual([false, true]);
    expect(new Set(rig.sent.map(({ row }) => row.wa_message_id)).size).toBe(1);
  });

  test("three silent sends in a row recycle the link", async () => {
    const rig = openRig({ answer: () => undefined });
    rig.add(3, 0, (n) => `chat-${n}`);
    await rig.pump.start();
    await waitFor(() => rig.recycled.length > 0, { describe: "the link to be recycled" });
    expect(rig.recycled[0]).toBe("silent_sends");
  });

  test("a sender who forbade repeats gets none, and the chat goes on", async () => {
    const rig = openRig({ answer: (row) => (row.seq === 1 ? undefined : null) });
    const [first, second] = rig.add(2, 0, () => "chat", { on_unknown: "assume_sent" });
    await rig.pump.start();
    await waitFor(() => rig.rows.get(second!.id)!.status === "sent", { describe: "the second" });
    expect(rig.rows.get(first!.id)!.status).toBe("unknown");
    expect(rig.marks[0]).toMatchObject({ status: "unknown", reason: "assumed_sent" });
  });

  test("a definite refusal fails with its code and is never repeated", async () => {
    const rig = openRig({ answer: () => "463" });
    rig.add(1, 0, few);
    await rig.pump.start();
    await rig.allAre("failed");
    expect(rig.marks[0]!.failure?.code).toBe("reachout_locked");
    expect(rig.sent).toHaveLength(1);
  });

  test("what could not be written goes back to its place and is sent later", async () => {
    const rig = openRig();
    let failures = 1;
    rig.failSend(() => (failures-- > 0 ? new Error("encoding") : null));
    rig.add(3, 0, () => "chat");
    await rig.pump.start();
    await rig.allAre("sent");
    expect(rig.sent.map(({ row }) => row.seq)).toEqual([1, 2, 3]);
    expect(rig.marks[0]).toMatchObject({ status: "queued" });
  });

  test("a row past its time is never written", async () => {
    const rig = openRig();
    rig.add(1, 0, few, { expires_at_ms: 1 });
    await rig.pump.start();
    await rig.allAre("expired");
    expect(rig.sent).toHaveLength(0);
  });

  test("a lane paused between reading and claiming stops, keeps its rows, and resumes with all of them in order", async () => {
    const rig = openRig();
    rig.states.set(4, "run");
    let paused = false;
    rig.failSend((row) => (paused && row.lane === 4 ? new ClaimRefused("lane_paused") : null));
    const profile = rig.add(30, 4, () => "chat");
    rig.pump.wake(4);
    await waitFor(() => rig.sent.length > 3, { describe: "sending" });
    paused = true;
    rig.states.set(4, "paused");
    await waitFor(() => rig.sent.length < 30, { describe: "the pause" });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stoppedAt = rig.sent.length;
    expect(stoppedAt).toBeLessThan(30);
    paused = false;
    rig.states.set(4, "run");
    rig.pump.wake(4);
    await rig.allAre("sent");
    expect(rig.sent.map(({ row }) => row.seq)).toEqual(profile.map(({ seq }) => seq));
  });
});

describe("beginning and end", () => {
  test("what was on the wire is repeated under its id before anything else of that chat", async () => {
    const rig = openRig();
    const [old] = rig.add(1, 0, () => "chat");
    rig.rows.get(old!.id)!.status = "sending";
    rig.add(3, 0, () => "chat");
    rig.setInflight([old!]);
    await rig.pump.start();
    await rig.allAre("sent");
    expect(rig.sent.map(({ row, claim }) => [row.seq, claim.resend])).toEqual([
      [1, true],
      [2, false],
      [3, false],
      [4, false],
    ]);
  });

  test("a receipt that comes first saves the repeat", async () => {
    const rig = openRig({ answer: () => undefined, ackTimeoutMs: 5_000 });
    const [first] = rig.add(2, 0, () => "chat");
    await rig.pump.start();
    await waitFor(() => rig.sent.length === 1, { describe: "the first" });
    rig.pump.proven([first!.wa_message_id]);
    await waitFor(() => rig.sent.length === 2, { describe: "the second" });
    expect(rig.sent[1]!.claim.resend).toBe(false);
  });

  test("draining claims nothing more and waits for the acks", async () => {
    const rig = openRig();
    rig.add(200, 0, (n) => `chat-${n}`);
    await rig.pump.start();
    await waitFor(() => rig.sent.length > 5, { describe: "sending" });
    await rig.pump.drain(1_000);
    const after = rig.sent.length;
    await rig.pump.stop();
    expect(rig.sent).toHaveLength(after);
    await waitFor(() => [...rig.rows.values()].every(({ status }) => status !== "sending"), { describe: "all acked" });
  });

  test("a lost lease writes nothing about the message", async () => {
    const rig = openRig();
    rig.failSend(() => new LeaseLost());
    rig.add(1, 0, few);
    await rig.pump.start();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(rig.marks).toEqual([]);
  });
});

test("the pace is kept: a burst, then one for each interval", async () => {
  const rig = openRig({ profile: { perMinute: 1_200, burst: 5 } });
  rig.add(15, 0, (n) => `chat-${n}`);
  const begun = performance.now();
  await rig.pump.start();
  await rig.allAre("sent");
  // Ten after the burst at one per 50 ms.
  expect(rig.sent.at(-1)!.atMs - begun).toBeGreaterThanOrEqual(480);
});

test("a sweep that sees a row below the cursor brings it, and one that sees nothing new says so", async () => {
  const rig = openRig();
  const rows = rig.add(3, 0, () => "chat");
  const back = rig.rows.get(rows[1]!.id)!;
  back.status = "held";
  await rig.pump.start();
  await waitFor(() => rig.sent.length === 2, { describe: "the others" });
  back.status = "queued";
  const seen = { session_id: session, lane: 0, state: "run" as const, weight: 8, next_seq: 4, first_seq: 2 };
  expect(rig.pump.see(seen)).toBe(true);
  await rig.allAre("sent");
  expect(rig.pump.see({ ...seen, first_seq: null })).toBe(false);
});

test("a sweep that sees the row on its way as the first one queued has found nothing", async () => {
  const rig = openRig({ answer: () => undefined, ackTimeoutMs: 5_000 });
  rig.add(1, 0, () => "chat");
  await rig.pump.start();
  await waitFor(() => rig.sent.length === 1, { describe: "the send" });
  const seen = { session_id: session, lane: 0, state: "run" as const, weight: 8, next_seq: 2, first_seq: 1 };
  expect(rig.pump.see(seen)).toBe(false);
});
