import type { Link } from "./link.ts";
import { type BinaryNode, node } from "./protocol/node.ts";

/** The ways the server, or the network between, ends a stream or leaves it half dead. */
export const endings = [
  "515",
  "503",
  "500",
  "429",
  "stream_error",
  "replaced",
  "device_removed",
  "failure_401",
  "failure_402",
  "failure_403",
  "failure_405",
  "failure_503",
  "failure",
  "downgrade",
  "stream_end",
  "reset",
  "close",
  "garbage",
  "garbage_stanza",
  "mute",
  "mute_in",
  "mute_out",
] as const;

/** See `endings`. */
export type Ending = (typeof endings)[number];

/** What some endings say further. */
export interface EndingDetails {
  /** Of `stream_error` (default 500) and `failure` (default 403). */
  readonly code?: number | undefined;
  /** Seconds until a temporary ban ends; for failures. Default of 402: an hour. */
  readonly expireSeconds?: number | undefined;
}

/**
 * Ends a link like the real network does (the client's close code is in the README).
 * `device_removed` only says so; to remove the device as well, unlink it. `mute` leaves the connection open and silent;
 * `mute_in` loses only what the client says, `mute_out` only what the server says.
 */
export function endLink(link: Link, ending: Ending, { code, expireSeconds }: EndingDetails = {}): void {
  switch (ending) {
    case "515":
    case "503":
    case "500":
    case "429":
      return link.end(streamError(ending));
    case "stream_error":
      return link.end(streamError(String(code ?? 500)));
    case "replaced":
      return link.end(node("stream:error", {}, [node("conflict", { type: "replaced" })]));
    case "device_removed":
      return link.end(node("stream:error", { code: "401" }, [node("conflict", { type: "device_removed" })]));
    case "failure_402":
      return link.end(failure("402", expireSeconds ?? 3600));
    case "failure_401":
    case "failure_403":
    case "failure_405":
    case "failure_503":
      return link.end(failure(ending.slice("failure_".length), expireSeconds));
    case "failure":
      return link.end(failure(String(code ?? 403), expireSeconds));
    case "downgrade":
      return link.end(node("ib", { from: "s.whatsapp.net" }, [node("downgrade_webclient")]));
    case "stream_end":
      return link.end(node("xmlstreamend"));
    case "reset":
      return link.reset();
    case "close":
      return link.end();
    case "garbage":
      return link.sendGarbage(Buffer.from("this is not a frame of the stream"));
    case "garbage_stanza":
      return link.sendBytes(Buffer.from([0, 248, 255, 1, 2, 3]));
    case "mute":
      link.silence = "both";
      return;
    case "mute_in":
      link.silence = "in";
      return;
    case "mute_out":
      link.silence = "out";
  }
}

/** `<stream:error code>`: the client passes the code on as its close code. */
export function streamError(code: string): BinaryNode {
  return node("stream:error", { code });
}

/**
 * `<failure>`: the answer to a login that is refused. `expireSeconds`: until a temporary ban ends, as whatsmeow reads
 * the attribute `expire`.
 */
export function failure(reason: string, expireSeconds?: number): BinaryNode {
  return node("failure", {
    reason,
    location: "lla",
    ...(expireSeconds === undefined ? {} : { code: "101", expire: String(expireSeconds) }),
  });
}
