import type { WASocket } from "@whiskeysockets/baileys";
import { monotonicMs } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { LinkTrouble } from "../../ports.ts";
import type { LinkEnding } from "./link-ending.ts";
import type { LinkPulse } from "./link-pulse.ts";
import type { LinkEnvironment } from "./open-link.ts";
import { keepPreKeys } from "./pre-key-stock.ts";
import { defaultLimits, judgeLink, type LinkHealth, troubleOf } from "./watchdog.ts";

export interface WatchOptions {
  environment: Pick<LinkEnvironment, "limits" | "watchdogIntervalMs" | "preKeyRetryMs">;
  socket: Pick<WASocket, "ev" | "query" | "uploadPreKeys">;
  pulse: LinkPulse;
  ending: LinkEnding;
  mayAct: () => boolean;
  onBufferStuck: (() => void) | undefined;
  logger: Logger;
}

/** Looks after one link on a timer: cuts it when it hangs, flushes a stuck buffer, keeps its one-time keys in stock. */
export function watchLink({ environment, socket, pulse, ending, mayAct, onBufferStuck, logger }: WatchOptions) {
  const { limits = defaultLimits, watchdogIntervalMs = 2_000, preKeyRetryMs = 30_000 } = environment;
  let bufferingSinceMs: number | null = null;
  let hasProgressed = false;
  let loggedIn = false;
  const preKeys = keepPreKeys({ socket, retryMs: preKeyRetryMs, logger });

  const health = (): LinkHealth => ({
    nowMs: monotonicMs(),
    dialledAtMs: pulse.dialledAtMs,
    hasProgressed,
    loggedIn,
    lastFrameAtMs: pulse.lastFrameAtMs,
    lastAnswerAtMs: pulse.lastAnswerAtMs,
    bufferingSinceMs,
    drainingSinceMs: pulse.drainingSinceMs,
    unansweredSinceMs: pulse.unanswered.values(),
    undecryptedAtMs: pulse.undecryptedAtMs,
  });

  const timer = setInterval(() => {
    bufferingSinceMs = socket.ev.isBuffering() ? (bufferingSinceMs ?? monotonicMs()) : null;
    const verdict = judgeLink(health(), limits);
    if (!mayAct()) ending.terminate("lease_lost");
    else if (verdict.kind === "terminate") ending.terminate(verdict.reason);
    else if (verdict.kind === "flush" && socket.ev.flush()) {
      bufferingSinceMs = null;
      onBufferStuck?.();
      logger.warn("The library held events back for too long; they were let go");
    }
  }, watchdogIntervalMs).unref();

  return {
    /** A QR code is shown, or the account is logged in. */
    progressed(isLogin: boolean): void {
      hasProgressed = true;
      if (!isLogin || loggedIn) return;
      loggedIn = true;
      preKeys.start();
    },
    trouble: (): LinkTrouble | null => troubleOf(health(), limits) ?? (preKeys.areLow() ? "pre_keys_low" : null),
    stop(): void {
      clearInterval(timer);
      preKeys.stop();
    },
  };
}
