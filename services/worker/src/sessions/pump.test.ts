import { mintUuid } from "@flotilla/shared/contract/ids";
import { createLogger } from "@flotilla/shared/runtime/logger";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { afterEach, describe, expect, test } from "vitest";
import type { PacingProfile } from "../domain/pacing.ts";
import { type Claim, ClaimRefused, LeaseLost, type OutboundRow, UnsupportedContent } from "../ports.ts";
import type { LaneView, Mark } from "../store-ports.ts";
import { createCarefulMode } from "./careful-mode.ts";
import { createPump, type Pump } from "./pump.ts";
import { createSlots, type Slots } from "./slots.ts";

const logger = createLogger({ service: "test", level: "silent" });
const session = mintUuid();
const pumps: Pump[] = [];
afterEach(async () => {
  await Promise.all(pumps.splice(0).map((pump) => pump.stop()));
});

/** A lane table and a link in memory that behave as the real ones do: a claim moves a row, a mark moves it on. */
function openRig(
  options: {
    profile?: PacingProfile;
    ackTimeoutMs?: number;
    answer?: (row: OutboundRow) => string | null | undefined;
    unclean?: boolean;
    alone?: Slots;
  } = {},
) {
  const {
    profile = { perMinute: 60_000, burst: 100 },
    ackTimeoutMs = 60,
    answer = () => null,
    unclean = false,
    alone = createSlots(1),
  } = options;
  const rows = new Map<string, OutboundRow & { status: string }>();
  const states = new Map<number, LaneView["state"]>();
  const sent: { row: OutboundRow; claim: Claim; atMs: number }[] = [];
  const marks: Mark[] = [];
  const onWire = new Map<string, number>();
  const recycled: string[] = [];
  const forgotten: string[] = [];
  const counted: string[] = [];
  const resolutions: string[] = [];
  const unreadable = new Set<string>();
  let widest = 0;
  let most = 0;
  let sendError: (row: OutboundRow) => Error | null = () => null;
  let inflight: () => OutboundRow[] = () => [];

  const view = (lane: number): LaneView => ({
    session_id: session,
    lane,
    state: states.get(lane) ?? "run",
    weight: lane === 0 ? 8 : 1,
    next_seq: Math.max(0, ...[...rows.values()].filter((row) => row.lane === lane).map(({ seq }) => seq)) + 1,
  });
  const pump = createPump({
    scope: { tenantId: "t", sessionId: session, lease: { shard: 1, epoch: 1 } },
    link: {
      forgetDevices: async (jid) => void forgotten.push(jid),
      async send(row, claim) {
        const error = sendError(row);
        if (error !== null) throw error;
        const stored = rows.get(row.id)!;
        stored.status = "sending";
        stored.attempts++;
        onWire.set(row.chat_id, (onWire.get(row.chat_id) ?? 0) + (claim.resend ? 0 : 1));
        widest = Math.max(widest, onWire.get(row.chat_id)!);
        most = Math.max(most, [...onWire.values()].filter((n) => n > 0).length);
        sent.push({ row, claim, atMs: performance.now() });
        const result = answer(row);
        if (result === undefined) return; // no ack
        setTimeout(() => {
          onWire.set(row.chat_id, 0);
          pump.acked(row.wa_message_id, result);
        }, 3);
      },
    },
    commit: async (_, { marks: changes = [], counts = [] }) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      for (const change of changes) {
        marks.push(change);
        const row = rows.get(change.id);
        if (row === undefined) continue;
        if (row.status === "queued" && change.status === "queued") row.attempts++;
        row.status = change.status;
        row.status_reason = change.reason ?? null;
        row.not_before_ms = change.notBeforeMs ?? null;
        row.deaths = 0;
      }
      for (const { id } of counts) {
        counted.push(id);
        rows.get(id)!.deaths++;
      }
    },
    outbox: {
      async readLane({ lane, after_seq, limit, skip_chats }) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        const found = [...rows.values()]
          .filter(
            (row) =>
              row.lane === lane && row.seq > after_seq && row.status === "queued" && !skip_chats.includes(row.chat_id),
          )
          .toSorted((a, b) => a.seq - b.seq);
        const page = found.slice(0, limit);
        return {
          // Copies, as a read gives them.
          rows: page.filter(({ id }) => !unreadable.has(id)).map((row) => ({ ...row })),
          unreadable: page.filter(({ id }) => unreadable.has(id)).map(({ id }) => id),
          lane: view(lane),
        };
      },
      readInflight: async () => inflight(),
    },
    careful: createCarefulMode({ unclean, alone }),
    slots: createSlots(32),
    profile,
    tatMs: 0,
    databaseNowMs: () => performance.now(),
    mayAct: () => true,
    recycle: (reason) => recycled.push(reason),
    ackTimeoutMs,
    random: () => 0,
    logger,
    metrics: { sent: () => {}, acked: () => {}, unknown: (resolution) => resolutions.push(resolution) },
  });
  pumps.push(pump);
  return {
    pump,
    rows,
    sent,
    marks,
    states,
    recycled,
    forgotten,
    counted,
    resolutions,
    unreadable,
    widest: () => widest,
    most: () => most,
    failSend: (error: (row: OutboundRow) => Error | null) => (sendError = error),
    setInflight: (list: OutboundRow[] | (() => OutboundRow[])) =>
      (inflight = typeof list === "function" ? list : () => list),
    add(count: number, lane: number, chat: (n: number) => string, more: Partial<OutboundRow> = {}) {
      const first = view(lane).next_seq;
      return Array.from({ length: count }, (_, n) => {
        const id = mintUuid();
        const row = {
          id,
          session_id: session,
          lane,
          seq: first + n,
          chat_id: chat(n),
          jid: `${chat(n)}@s.whatsapp.net`,
          type: "text",
          content: {},
          wa_message_id: `WA${id}`,
          attempts: 0,
          deaths: 0,
          on_unknown: "resend_same_id",
          status_reason: null,
          expires_at_ms: null,
          not_before_ms: null,
          status: "queued",
          ...more,
        };
        rows.set(id, row);
        return row;
      });
    },
    allAre: (status: string) =>
      waitFor(() => [...rows.values()].every((row) => row.status === status), { describe: `all to be ${status}` }),
  };
}

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

test("a sweep that sees the row on its way as the first one queued has found nothing", async () => {
  const rig = openRig({ answer: () => undefined, ackTimeoutMs: 5_000 });
  rig.add(1, 0, () => "chat");
  await rig.pump.start();
  await waitFor(() => rig.sent.length === 1, { describe: "the send" });
  const seen = { session_id: session, lane: 0, state: "run" as const, weight: 8, next_seq: 2, first_seq: 1 };
  expect(rig.pump.see(seen)).toBe(false);
});
