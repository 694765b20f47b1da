import { describe, expect, test } from "vitest";
import type { CloseCause } from "../ports.ts";
import { type CloseHistory, decideAfterClose } from "./reconnect-policy.ts";

const calm: CloseHistory = {
  losses: 0,
  recentLosses: 1,
  restarts: 0,
  pairingRounds: 1,
  conflicts: 1,
  doubtfulUnlinks: 1,
};
const decide = (cause: CloseCause, more: Partial<CloseHistory> = {}, random = 0.5) =>
  decideAfterClose(cause, { ...calm, ...more }, random, 1_000);

describe("losses of the link", () => {
  test.each<[string, CloseCause, number, number]>([
    ["a lost link", { kind: "link_lost", code: 428, detail: "" }, 500, 300_000],
    ["our own watchdog", { kind: "terminated_by_us", reason: "silent" }, 500, 300_000],
    ["an unclear end", { kind: "unclear", code: 500, detail: "" }, 2_000, 301_000],
    ["an end that nobody understands", { kind: "unclear", code: 499, detail: "" }, 3_500, 301_000],
    ["a busy server", { kind: "server_busy", code: 503, detail: "" }, 5_000, 302_500],
    ["a rate limit", { kind: "rate_limited", code: 429, detail: "" }, 30_000, 915_000],
  ])("%s reconnects, later each time, and never after more than its most", (_, cause, first, most) => {
    expect(decide(cause)).toMatchObject({ do: "reconnect", inMs: first, counts: true });
    const delays = [0, 1, 2, 3, 30].map((losses) => {
      const decision = decide(cause, { losses }, 1);
      return decision.do === "reconnect" ? decision.inMs : Number.NaN;
    });
    expect(delays).toEqual(delays.toSorted((a, b) => a - b));
    expect(delays.at(-1)).toBe(most);
  });

  test("five within ten minutes are called unstable and still retried", () => {
    expect(decide({ kind: "link_lost", code: 408, detail: "" }, { recentLosses: 5 })).toMatchObject({
      do: "reconnect",
      observe: { kind: "link_lost", reason: "unstable" },
    });
  });
});

describe("ends with a meaning", () => {
  test.each<[string, CloseCause, Partial<CloseHistory>, object]>([
    [
      "the restart after pairing comes at once",
      { kind: "restart_required" },
      {},
      { do: "reconnect", inMs: 0, counts: false },
    ],
    ["five restarts in a row slow down", { kind: "restart_required" }, { restarts: 5 }, { inMs: 5_000 }],
    [
      "codes nobody scanned are shown again",
      { kind: "qr_expired" },
      { pairingRounds: 2 },
      { do: "reconnect", inMs: 0 },
    ],
    [
      "after three rounds pairing has failed",
      { kind: "qr_expired" },
      { pairingRounds: 3 },
      { do: "rest", observe: { as: "failed", reason: "qr_expired" }, forget: false },
    ],
    [
      "another client gets half a minute",
      { kind: "replaced" },
      {},
      { do: "reconnect", inMs: 30_000, observe: { kind: "replaced" } },
    ],
    ["then a minute each time", { kind: "replaced" }, { conflicts: 3 }, { do: "reconnect", inMs: 60_000 }],
    [
      "and wins after three tries",
      { kind: "replaced" },
      { conflicts: 4 },
      { do: "rest", observe: { kind: "replaced" } },
    ],
    ["a proven removal wipes", { kind: "unlinked", detail: "device_removed" }, {}, { do: "rest", forget: true }],
    ["a doubtful one is tried again", { kind: "unlinked_maybe", detail: "401" }, {}, { do: "reconnect", inMs: 60_000 }],
    [
      "and wipes nothing the second time",
      { kind: "unlinked_maybe", detail: "401" },
      { doubtfulUnlinks: 2 },
      { do: "rest", forget: false, observe: { kind: "unlinked" } },
    ],
    [
      "a temporary ban is waited out",
      { kind: "temporarily_banned", untilMs: 61_000 },
      {},
      { do: "rest", observe: { as: "restricted" }, againInMs: 90_000 },
    ],
    ["a ban rests", { kind: "banned", code: 403 }, {}, { do: "rest", againInMs: null, observe: { as: "banned" } }],
    [
      "an old client tells the fleet, and tries again after ten minutes and more",
      { kind: "client_outdated" },
      {},
      { do: "rest", againInMs: 900_000, clientRefused: "client_outdated", observe: { reason: "client_outdated" } },
    ],
    [
      "a client whose description is refused tells the fleet",
      { kind: "client_refused" },
      {},
      { do: "rest", forget: false, clientRefused: "configuration", observe: { reason: "configuration" } },
    ],
    [
      "a wrong address rests",
      { kind: "configuration", detail: "tls" },
      {},
      { do: "rest", observe: { reason: "configuration" } },
    ],
  ])("%s", (_, cause, history, expected) => {
    expect(decide(cause, history)).toMatchObject(expected);
  });

  test("nothing but a proven removal wipes credentials", () => {
    const causes: CloseCause[] = [
      { kind: "restart_required" },
      { kind: "link_lost", code: 408, detail: "" },
      { kind: "unclear", code: 500, detail: "" },
      { kind: "qr_expired" },
      { kind: "replaced" },
      { kind: "unlinked_maybe", detail: "" },
      { kind: "temporarily_banned", untilMs: null },
      { kind: "banned", code: 406 },
      { kind: "client_outdated" },
      { kind: "client_refused" },
      { kind: "configuration", detail: "" },
    ];
    for (const cause of causes) {
      for (let n = 0; n < 10; n++) {
        const history = { losses: n, recentLosses: n, restarts: n, pairingRounds: n, conflicts: n, doubtfulUnlinks: n };
        const decision = decideAfterClose(cause, history, 0.9, 0);
        expect(decision.do === "rest" && decision.forget).toBe(false);
      }
    }
  });
});
