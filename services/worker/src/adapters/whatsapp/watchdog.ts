import type { LinkFault } from "../../ports.ts";

/** How long a link may be in a bad state before we act. Milliseconds on the monotonic clock. */
export interface WatchdogLimits {
  /** From dial to login or the first QR code. */
  loginMs: number;
  /** Without any frame; the library pings every 12 s. */
  silenceMs: number;
  /** The library's event buffer held back for so long. */
  bufferingMs: number;
  /** A send without an answer counts as silent after this. */
  ackMs: number;
  /** So many silent sends on one connection. */
  silentSends: number;
}

export const defaultLimits: WatchdogLimits = {
  loginMs: 30_000,
  silenceMs: 30_000,
  bufferingMs: 35_000,
  ackMs: 20_000,
  silentSends: 3,
};

/** What the watchdog looks at. */
export interface LinkHealth {
  nowMs: number;
  dialledAtMs: number;
  /** Logged in, or showing a QR code. */
  hasProgressed: boolean;
  lastFrameAtMs: number;
  /** Since when the library holds events back; null when it does not. */
  bufferingSinceMs: number | null;
  /** When each message without an answer was written. */
  unansweredSinceMs: Iterable<number>;
}

export type WatchdogVerdict = { kind: "well" } | { kind: "flush" } | { kind: "terminate"; reason: LinkFault };

/** Decides what a link's state asks for; the first fault counts. */
export function judgeLink(health: LinkHealth, limits: WatchdogLimits): WatchdogVerdict {
  const { nowMs } = health;
  if (!health.hasProgressed && nowMs - health.dialledAtMs > limits.loginMs)
    return { kind: "terminate", reason: "no_login" };
  if (nowMs - health.lastFrameAtMs > limits.silenceMs) return { kind: "terminate", reason: "silent" };
  let silent = 0;
  for (const since of health.unansweredSinceMs) if (nowMs - since > limits.ackMs) silent++;
  if (silent >= limits.silentSends) return { kind: "terminate", reason: "sends_unanswered" };
  if (health.bufferingSinceMs !== null && nowMs - health.bufferingSinceMs > limits.bufferingMs)
    return { kind: "flush" };
  return { kind: "well" };
}
