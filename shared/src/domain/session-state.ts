import type { SessionDesired, SessionStatus } from "../contract/statuses.ts";
import { assertNever } from "./assert-never.ts";

/**
 * What a session's status becomes when something is observed. `desired` is what the tenant asked and is no part of it.
 *
 * | status                      | meaning                                     | way out                                  |
 * |-----------------------------|---------------------------------------------|------------------------------------------|
 * | stopped                     | not meant to run                            | start                                    |
 * | starting                    | waits for a worker, 30 s                    | socket dialled; stop                     |
 * | awaiting_scan/awaiting_code | a code is offered, refs of ≈ 160 s          | scanned; expired; stop                   |
 * | connecting                  | socket opening, 30 s                        | logged in; lost; stop                    |
 * | syncing                     | logged in, offline queue draining, 60 s     | drained; lost; stop                      |
 * | connected                   | a round trip was answered lately            | lost; any end; stop                      |
 * | degraded                    | connected, one check missed or impaired     | answered, mended; lost; stop             |
 * | reconnecting                | link lost, backing off                      | dialled again; stop                      |
 * | conflict                    | a foreign client holds the account          | restart by a person; stop                |
 * | logged_out                  | removed by the phone, or own log-out        | start pairs again                        |
 * | restricted, banned, failed  | WhatsApp refused us, or we cannot go on     | restart by a person, start; stop         |
 */
export type SessionObservation =
  | { kind: "start_requested" }
  | { kind: "dialling"; again: boolean }
  | { kind: "code_offered"; by: "qr" | "pairing_code" }
  | { kind: "logged_in" }
  | { kind: "caught_up" }
  | { kind: "check_missed"; reason?: string }
  | { kind: "check_answered" }
  | { kind: "link_lost"; reason: string }
  | { kind: "replaced" }
  | { kind: "unlinked"; reason: string }
  | { kind: "refused"; as: "restricted" | "banned" | "failed"; reason: string }
  | { kind: "stopped" };

export interface SessionMove {
  status: SessionStatus;
  reason: string | null;
  /** How long the status may last before somebody must look, in milliseconds; null for a resting status. */
  deadlineMs: number | null;
}

/** The next status, or `ignored` when the observation comes too late to mean anything (a stray event of a closed socket). */
export function nextSessionStatus(current: SessionStatus, seen: SessionObservation): SessionMove | "ignored" {
  const move = (
    status: SessionStatus,
    reason: string | null = null,
    deadlineMs: number | null = null,
  ): SessionMove => ({
    status,
    reason,
    deadlineMs,
  });
  const resting = isResting(current);
  switch (seen.kind) {
    case "start_requested":
      return move("starting", null, 30_000);
    case "stopped":
      return move("stopped");
    case "dialling":
      if (resting) return "ignored";
      return seen.again ? move("reconnecting", "dialling", 30_000) : move("connecting", null, 30_000);
    case "code_offered":
      if (resting) return "ignored";
      return move(seen.by === "qr" ? "awaiting_scan" : "awaiting_code", null, 160_000);
    case "logged_in":
      return resting ? "ignored" : move("syncing", null, 60_000);
    case "caught_up":
      return resting ? "ignored" : move("connected");
    case "check_missed":
      return current === "connected" || current === "degraded"
        ? move("degraded", seen.reason ?? "check_missed", 45_000)
        : "ignored";
    case "check_answered":
      return current === "degraded" ? move("connected") : "ignored";
    case "link_lost":
      return resting ? "ignored" : move("reconnecting", seen.reason);
    case "replaced":
      return move("conflict", "replaced_by_another_client");
    case "unlinked":
      return move("logged_out", seen.reason);
    case "refused":
      return move(seen.as, seen.reason);
    default:
      return assertNever(seen);
  }
}

/** Whether only a person's request can move it: no socket runs and none will be dialled. */
export function isResting(status: SessionStatus): boolean {
  return (
    status === "stopped" ||
    status === "logged_out" ||
    status === "banned" ||
    status === "restricted" ||
    status === "failed"
  );
}

/** Whether outbound messages of this session wait for a link rather than for their turn. */
export function isOffline(status: SessionStatus): boolean {
  return status !== "connected" && status !== "degraded" && status !== "syncing";
}

/** Whether a request of a person is legal now. `restart` of something not asked to run would start it by surprise. */
export function allowsRequest(request: "start" | "stop" | "restart" | "logout", desired: SessionDesired): boolean {
  if (desired === "deleted") return false;
  return request === "restart" ? desired === "running" : true;
}
