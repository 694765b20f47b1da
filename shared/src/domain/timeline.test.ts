import { expect, test } from "vitest";
import type { Message } from "../contract/http-messages.ts";
import { Timeline } from "../contract/http-timeline.ts";
import { type HistoryLease, type HistoryStep, type MessageHistory, buildTimeline } from "./timeline.ts";

const at = (second: number): string => `2026-11-24T08:00:${String(second).padStart(2, "0")}.000Z`;

const step = (second: number, status: HistoryStep["status"], more: Partial<HistoryStep> = {}): HistoryStep => ({
  at: at(second),
  status,
  previous: "queued",
  reason: null,
  lease_epoch: null,
  attempt: 0,
  release_at: null,
  ...more,
});

const lease = (
  lease_epoch: number,
  worker_id: string,
  since: number,
  more: Partial<HistoryLease> = {},
): HistoryLease => ({
  lease_epoch,
  worker_id,
  since: at(since),
  left_at: null,
  reason: null,
  ...more,
});

const untouched = {
  direction: "out",
  status: "queued",
  accepted_at: at(0),
  failure: null,
  sent_at: null,
  delivered_at: null,
  read_at: null,
  played_at: null,
};

type Given = Partial<Omit<MessageHistory, "message">> & { message?: Partial<Message> };

const history = ({ message, ...more }: Given): MessageHistory => ({
  steps: [],
  leases: [],
  ...more,
  message: { ...untouched, ...message } as Message,
});

const lines = (given: MessageHistory): string[] => {
  const entries = buildTimeline(given);
  Timeline.parse({ explanation: "", entries });
  return entries.map(({ kind, at: when, detail }) =>
    [Number(when.slice(17, 19)), kind, detail.worker_id, detail.reason].filter((part) => part !== null).join(" "),
  );
};

const claim = step(1, "sending", { lease_epoch: 4, attempt: 1 });
const dead = lease(4, "a", 0, { left_at: at(7), reason: "expired" });

test.each<[name: string, given: Given, expected: string[]]>([
  ["nothing has happened yet", {}, ["0 accepted"]],
  [
    "it waited for its session, left, and was read",
    {
      steps: [
        step(0, "held", { previous: null, reason: "session_offline" }),
        step(5, "queued", { previous: "held" }),
        step(6, "sending", { lease_epoch: 4, attempt: 1 }),
        step(7, "sent", { previous: "sending", lease_epoch: 4 }),
        step(8, "read", { previous: "sent", lease_epoch: 4 }),
      ],
      leases: [lease(4, "a", 0)],
    },
    ["0 accepted", "0 held session_offline", "5 queued", "6 claimed a", "7 ack", "8 read"],
  ],
  [
    "its worker died while it was on the wire, and the next one repeated it",
    {
      steps: [
        claim,
        step(9, "sending", { previous: "sending", lease_epoch: 5, attempt: 2 }),
        step(10, "sent", { previous: "sending", lease_epoch: 5 }),
      ],
      leases: [dead, lease(5, "b", 8)],
    },
    ["0 accepted", "1 claimed a", "8 taken_over b expired", "9 resent b", "10 ack"],
  ],
  [
    "clocks of one transaction apart do not hide a takeover that the claim proves",
    {
      steps: [claim, step(9, "sending", { previous: "sending", lease_epoch: 5, attempt: 2 })],
      leases: [dead, lease(5, "b", 10)],
    },
    ["0 accepted", "1 claimed a", "10 taken_over b expired", "9 resent b"],
  ],
  [
    "evidence came before anybody had to repeat it",
    { steps: [claim, step(9, "delivered", { previous: "sending", lease_epoch: 4 })], leases: [dead, lease(5, "b", 8)] },
    ["0 accepted", "1 claimed a", "8 taken_over b expired", "9 delivered"],
  ],
  [
    "it is still on the wire, and moved on twice",
    { steps: [claim], leases: [dead, lease(5, "b", 8, { left_at: at(9), reason: "drained" }), lease(6, "a", 9)] },
    ["0 accepted", "1 claimed a", "8 taken_over b expired", "9 taken_over a drained"],
  ],
  [
    "takeovers after its end are nobody's business",
    { steps: [claim, step(2, "sent", { previous: "sending", lease_epoch: 4 })], leases: [dead, lease(5, "b", 8)] },
    ["0 accepted", "1 claimed a", "2 ack"],
  ],
  [
    "a person decides: what happens to the shard says nothing any more",
    {
      steps: [claim, step(9, "unknown", { previous: "sending", reason: "awaiting_person", lease_epoch: 4 })],
      leases: [dead, lease(5, "b", 8), lease(6, "c", 20)],
    },
    ["0 accepted", "1 claimed a", "8 taken_over b expired", "9 unknown awaiting_person"],
  ],
  [
    "it was put back, tried again, and failed with the failure's code",
    {
      message: { failure: { code: "no_ack", detail: "", retryable: false } },
      steps: [
        claim,
        step(2, "queued", { previous: "sending", reason: "ack_429", lease_epoch: 4, release_at: at(4) }),
        step(4, "sending", { lease_epoch: 4, attempt: 2 }),
        step(5, "failed", { previous: "sending", lease_epoch: 4 }),
      ],
      leases: [lease(4, "a", 0)],
    },
    ["0 accepted", "1 claimed a", "2 returned ack_429", "4 claimed a", "5 failed no_ack"],
  ],
  [
    "its steps are too old to be kept",
    { message: { status: "read", sent_at: at(3), delivered_at: at(4), read_at: at(5) } },
    ["0 accepted", "3 ack", "4 delivered", "5 read"],
  ],
  ["it came in", { message: { direction: "in", status: "delivered" } }, ["0 received"]],
])("%s", (_, given, expected) => {
  expect(lines(history(given))).toEqual(expected);
});

test("a takeover names both workers and why, a repeat names the id and the count", () => {
  const texts = buildTimeline(
    history({
      steps: [claim, step(9, "sending", { previous: "sending", lease_epoch: 5, attempt: 2 })],
      leases: [dead, lease(5, "b", 8)],
    }),
  ).map(({ detail }) => detail.text);
  expect(texts.slice(1)).toEqual([
    "Claimed by a under epoch 4: the encryption state was stored, and the bytes left after that",
    "Taken over by b under epoch 5: a sent no heartbeat until its lease ran out",
    "Sent again by b with the same WhatsApp id (2 times in all)",
  ]);
});

test("a receipt that came before anything else says that the server had it too", () => {
  const textOf = (previous: HistoryStep["previous"]) =>
    buildTimeline(history({ steps: [claim, step(2, "delivered", { previous, lease_epoch: 4 })] })).at(-1)!.detail.text;
  expect(textOf("sending")).toBe("A device of the recipient confirmed it; WhatsApp's server had it by then");
  expect(textOf("sent")).toBe("A device of the recipient confirmed it");
});
