import type { Link } from "./link.ts";
import { type BinaryNode, node } from "./protocol/node.ts";

/** The ways the server, or the network between, ends a stream. */
export const endings = [
  "515",
  "503",
  "500",
  "429",
  "replaced",
  "device_removed",
  "failure_401",
  "failure_403",
  "failure_405",
  "failure_503",
  "stream_end",
  "reset",
  "close",
  "garbage",
  "mute",
] as const;

/** See `endings`. */
export type Ending = (typeof endings)[number];

/**
 * Ends a link like the real network does (the client's close code is in the README).
 * `device_removed` only says so; to remove the device as well, unlink it. `mute` leaves the connection open and silent.
 */
export function endLink(link: Link, ending: Ending): void {
  switch (ending) {
    case "515":
    case "503":
    case "500":
    case "429":
      return link.end(streamError(ending));
    case "replaced":
      return link.end(node("stream:error", {}, [node("conflict", { type: "replaced" })]));
    case "device_removed":
      return link.end(node("stream:error", { code: "401" }, [node("conflict", { type: "device_removed" })]));
    case "failure_401":
    case "failure_403":
    case "failure_405":
    case "failure_503":
      return link.end(failure(ending.slice("failure_".length)));
    case "stream_end":
      return link.end(node("xmlstreamend"));
    case "reset":
      return link.reset();
    case "close":
      return link.end();
    case "garbage":
      return link.sendGarbage(Buffer.from("this is not a frame of the stream"));
    case "mute":
      link.muted = true;
  }
}

/** `<stream:error code>`: the client passes the code on as its close code. */
export function streamError(code: string): BinaryNode {
  return node("stream:error", { code });
}

/** `<failure>`: the answer to a login that is refused. */
export function failure(reason: string): BinaryNode {
  return node("failure", { reason, location: "lla" });
}
