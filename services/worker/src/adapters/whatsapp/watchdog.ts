import type { LinkFault, LinkTrouble } from "../../ports.ts";

/** How long a link may be in a bad state before we act. Milliseconds on the monotonic clock. */
export interface WatchdogLimits {
  /** From dial to login or the first QR code. */
  loginMs: number;
  /** Without any frame; the library pings every 12 s. */
  silenceMs: number;
  /** Without an answer to anything of ours, once logged in. */
  roundTripMs: number;
  /** The same, for calling the link impaired: a ping every 12 s, and 8 s for its answer. */
  missedCheckMs: number;
  /** The library's event buffer held back for so long. */
  bufferingMs: number;
  /** The server announced waiting stanzas and sends none. */
  drainMs: number;
  /** A send without an answer counts as silent after this. */
  ackMs: number;
  /** So many silent sends on one connection. */
  silentSends: number;
  /** So many messages in a minute that cannot be decrypted are a storm. */
  decryptStorm: number;
}

export const defaultLimits: WatchdogLimits = {
  loginMs: 30_000,
  silenceMs: 30_000,
  roundTripMs: 45_000,
  missedCheckMs: 20_000,
  bufferingMs: 35_000,
  drainMs: 60_000,
  ackMs: 20_000,
  silentSends: 3,
  decryptStorm: 20,
};

/** What the watchdog looks at. */
export interface LinkHealth {
  nowMs: number;
  dialledAtMs: number;
  /** Logged in, or showing a QR code. */
  hasProgressed: boolean;
  loggedIn: boolean;
  lastFrameAtMs: number;
  lastAnswerAtMs: number;
  /** Since when the library holds events back; null when it does not. */
  bufferingSinceMs: number | null;
  /** The last stanza of an offline queue that has not ended; null when none is awaited. */
  drainingSinceMs: number | null;
  /** When each message without an answer was written. */
  unansweredSinceMs: Iterable<number>;
  /** When messages came that could not be decrypted. */
  undecryptedAtMs: readonly number[];
}

export type WatchdogVerdict = { kind: "well" } | { kind: "flush" } | { kind: "terminate"; reason: LinkFault };

/** Decides what a link's state asks for; the first fault counts. */
export function judgeLink(health: LinkHealth, limits: WatchdogLimits): WatchdogVerdict {
  const { nowMs, drainingSinceMs, bufferingSinceMs } = health;
  const fault = (reason: LinkFault): WatchdogVerdict => ({ kind: "terminate", reason });
  if (!health.hasProgressed && nowMs - health.dialledAtMs > limits.loginMs) return fault("no_login");
  if (nowMs - health.lastFrameAtMs > limits.silenceMs) return fault("silent");
  if (health.loggedIn && nowMs - health.lastAnswerAtMs > limits.roundTripMs) return fault("no_answer");
  let silent = 0;
  for (const since of health.unansweredSinceMs) if (nowMs - since > limits.ackMs) silent++;
  if (silent >= limits.silentSends) return fault("sends_unanswered");
  if (drainingSinceMs !== null && nowMs - drainingSinceMs > limits.drainMs) return fault("queue_stuck");
  if (bufferingSinceMs !== null && nowMs - bufferingSinceMs > limits.bufferingMs) return { kind: "flush" };
  return { kind: "well" };
}

/** What is wrong with a link that works on: the reason of a session that is `degraded`; null when nothing is. */
export function troubleOf(health: LinkHealth, limits: WatchdogLimits): LinkTrouble | null {
  const { nowMs, drainingSinceMs } = health;
  if (!health.loggedIn) return null;
  if (nowMs - health.lastAnswerAtMs > limits.missedCheckMs) return "check_missed";
  if (drainingSinceMs !== null && nowMs - drainingSinceMs > limits.drainMs / 2) return "queue_stuck";
  const lately = health.undecryptedAtMs.filter((atMs) => nowMs - atMs < 60_000).length;
  return lately >= limits.decryptStorm ? "decrypt_storm" : null;
}
