import { describe, expect, test } from "vitest";
import { SessionStatus } from "../contract/statuses.ts";
import { allowsRequest, isResting, nextSessionStatus } from "./session-state.ts";

describe("the status of a session", () => {
  test.each([
    ["starting", { kind: "dialling", again: false }, "connecting"],
    ["connecting", { kind: "code_offered", by: "qr" }, "awaiting_scan"],
    ["awaiting_scan", { kind: "link_lost", reason: "restart_required" }, "reconnecting"],
    ["reconnecting", { kind: "logged_in" }, "syncing"],
    ["syncing", { kind: "caught_up" }, "connected"],
    ["connected", { kind: "check_missed" }, "degraded"],
    ["connected", { kind: "unlinked", reason: "device_removed" }, "logged_out"],
    ["logged_out", { kind: "start_requested" }, "starting"],
  ] as const)("%s and %o gives %s", (current, seen, status) => {
    expect(nextSessionStatus(current, seen)).toMatchObject({ status });
  });

  test("a stray event of a closed socket does not wake a resting session", () => {
    for (const status of SessionStatus.options.filter(isResting)) {
      expect(nextSessionStatus(status, { kind: "caught_up" })).toBe("ignored");
      expect(nextSessionStatus(status, { kind: "link_lost", reason: "late" })).toBe("ignored");
    }
  });

  test("every status has a way out by a person", () => {
    for (const status of SessionStatus.options) {
      expect(nextSessionStatus(status, { kind: "start_requested" })).toMatchObject({ status: "starting" });
      expect(nextSessionStatus(status, { kind: "stopped" })).toMatchObject({ status: "stopped" });
    }
  });

  test("what was not asked to run is not started by a restart, and the deleted takes no request", () => {
    expect(allowsRequest("restart", "stopped")).toBe(false);
    expect(allowsRequest("start", "deleted")).toBe(false);
    expect(allowsRequest("start", "running")).toBe(true);
  });
});
