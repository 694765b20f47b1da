import { describe, expect, it } from "vitest";
import { decodeClose, reportOf } from "./decode-connection.ts";

const nowMs = 1_700_000_000_000;

/** An error as the library makes it. */
const boom = (statusCode: number, message: string, data?: unknown): unknown =>
  Object.assign(new Error(message), { output: { statusCode }, data });
const decode = (error: unknown, ownReason: string | null = null) => decodeClose(reportOf(error, ownReason, nowMs));

describe("the cause of a close", () => {
  it.each([
    [
      "the restart after pairing",
      boom(515, "Stream Errored (restart required)", { tag: "x", attrs: {} }),
      { kind: "restart_required" },
    ],
    [
      "removal with a conflict",
      boom(401, "Stream Errored (conflict)", { tag: "conflict", attrs: { type: "device_removed" } }),
      { kind: "unlinked" },
    ],
    ["a refused login", boom(401, "Connection Failure", { reason: "401" }), { kind: "unlinked" }],
    ["our own log-out", boom(401, "Intentional Logout"), { kind: "unlinked" }],
    [
      "a bare 401",
      boom(401, "Stream Errored (unknown)", { tag: "stream:error", attrs: {} }),
      { kind: "unlinked_maybe" },
    ],
    ["419 as a failure", boom(419, "Connection Failure", { reason: "419" }), { kind: "unlinked" }],
    ["no multi-device", boom(411, "Multi-device beta not joined"), { kind: "unlinked" }],
    [
      "a ban that ends",
      boom(402, "Connection Failure", { reason: "402", expire: "3600" }),
      { kind: "temporarily_banned", untilMs: nowMs + 3_600_000 },
    ],
    [
      "a ban without an end",
      boom(402, "Connection Failure", { reason: "402" }),
      { kind: "temporarily_banned", untilMs: null },
    ],
    ["forbidden", boom(403, "Connection Failure"), { kind: "banned", code: 403 }],
    ["banned", boom(406, "Connection Failure"), { kind: "banned", code: 406 }],
    ["an outdated client", boom(405, "Connection Failure"), { kind: "client_outdated" }],
    ["a bad client description", boom(409, "Connection Failure"), { kind: "client_refused" }],
    ["a wrong root key", boom(400, "noise intermediate certificate signature invalid"), { kind: "configuration" }],
    [
      "a bad certificate",
      boom(500, "WebSocket Error (self-signed certificate)", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
      { kind: "configuration" },
    ],
    [
      "a certificate of another name",
      boom(408, "WebSocket Error (Hostname does not match)", { code: "ERR_TLS_CERT_ALTNAME_INVALID" }),
      { kind: "configuration" },
    ],
    [
      "a broken WebSocket frame",
      boom(500, "WebSocket Error (Invalid WebSocket frame)", { code: "WS_ERR_INVALID_OPCODE" }),
      { kind: "unclear", code: 500 },
    ],
    ["HTTP 404", boom(404, "WebSocket Error (Unexpected server response: 404)"), { kind: "configuration" }],
    ["HTTP 429", boom(429, "WebSocket Error (Unexpected server response: 429)"), { kind: "rate_limited", code: 429 }],
    ["HTTP 500", boom(500, "WebSocket Error (Unexpected server response: 500)"), { kind: "server_busy", code: 500 }],
    ["HTTP 502", boom(502, "WebSocket Error (Unexpected server response: 502)"), { kind: "server_busy", code: 502 }],
    [
      "nobody listening",
      boom(408, "WebSocket Error (connect ECONNREFUSED)", { code: "ECONNREFUSED" }),
      { kind: "link_lost", code: 408 },
    ],
    ["silence", boom(408, "Connection was lost"), { kind: "link_lost", code: 408 }],
    ["used-up QR codes", boom(408, "QR refs attempts ended"), { kind: "qr_expired" }],
    ["a closed connection", boom(428, "Connection Terminated"), { kind: "link_lost", code: 428 }],
    ["too many", boom(429, "Stream Errored (unknown)"), { kind: "rate_limited", code: 429 }],
    [
      "another socket",
      boom(440, "Stream Errored (conflict)", { tag: "conflict", attrs: { type: "replaced" } }),
      { kind: "replaced" },
    ],
    ["a busy server", boom(503, "Stream Errored (unknown)"), { kind: "server_busy", code: 503 }],
    [
      "an unknown stream error",
      boom(500, "Stream Errored (ack)", { tag: "ack", attrs: {} }),
      { kind: "unclear", code: 500 },
    ],
    ["499", boom(499, "Connection Failure"), { kind: "unclear", code: 499 }],
    ["501", boom(501, "Connection Failure"), { kind: "unclear", code: 501 }],
    ["an error that is none of the library's", new TypeError("x is undefined"), { kind: "link_lost" }],
    ["no error at all", undefined, { kind: "link_lost", code: 428 }],
  ])("of %s", (_name, error, cause) => {
    expect(decode(error)).toMatchObject(cause);
  });

  it("is our own reason when we cut the connection, whatever the code says", () => {
    expect(decode(boom(428, "Connection Terminated"), "silent")).toEqual({
      kind: "terminated_by_us",
      reason: "silent",
    });
  });
});
