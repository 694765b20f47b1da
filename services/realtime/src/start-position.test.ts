import { describe, expect, it } from "vitest";
import { decideStart } from "./start-position.ts";

const position = { logId: "log", head: 100, oldest: 41 };

describe("decideStart", () => {
  it.each([
    ["from now on without a cursor", {}, "live"],
    ["at once at the head", { after: 100, log_id: "log" }, "live"],
    ["by replay from an older cursor", { after: 60, log_id: "log" }, "replay"],
    ["by replay when the cursor names no log", { after: 60 }, "replay"],
    ["by replay from just before the oldest event", { after: 40, log_id: "log" }, "replay"],
    ["with a snapshot when events are gone", { after: 39, log_id: "log" }, "resync"],
    ["with a snapshot when the log is another", { after: 100, log_id: "old" }, "resync"],
    ["with a snapshot when the cursor is ahead", { after: 101, log_id: "log" }, "resync"],
  ])("begins %s", (_, request, kind) => {
    expect(decideStart(request, position).kind).toBe(kind);
  });
});
