import { bindIds, type Logger } from "@flotilla/shared/runtime/logger";
import { monotonicMs } from "@flotilla/shared/runtime/clock";
import type { Baileys } from "../../boot/library.ts";
import { LeaseLost, type LinkOptions, type OpenLink, type WhatsAppLink } from "../../ports.ts";
import type { CredentialsKey } from "../sealing/credentials-key.ts";
import { createSessionSealer } from "../sealing/sealer.ts";
import { openAuthState } from "./auth-state.ts";
import { decodeClose, reportOf } from "./decode-connection.ts";
import { pumpEvents } from "./event-pump.ts";
import { currentLink, LinkEnding } from "./link-ending.ts";
import { ObservationQueue } from "./observation-queue.ts";
import { openSocket } from "./open-socket.ts";
import { currentSend } from "./outbound-send.ts";
import { gateRawSend } from "./raw-gate.ts";
import { transmit } from "./transmit.ts";
import { defaultLimits, judgeLink, type WatchdogLimits } from "./watchdog.ts";

/** What all links of a worker share. */
export interface LinkEnvironment {
  /** From `prepareBaileys`: patched and checked. */
  baileys: Baileys;
  logger: Logger;
  credentialsKey: CredentialsKey;
  /** `WHATSAPP_URL`; unset: the real network. */
  webSocketUrl?: string | undefined;
  limits?: WatchdogLimits;
  /** How often the watchdog looks. Default 2 s. */
  watchdogIntervalMs?: number;
}

/** An orderly end, and a log-out, wait no longer than this for the closing handshake. */
const endWithinMs = 2_000;

/** The opener of links on Baileys. */
export function createOpenLink(environment: LinkEnvironment): OpenLink {
  return async (options) => openLink(environment, options);
}

/** Resolves as soon as the connection is being dialled. Throws CredentialsUnreadable, LeaseLost. */
async function openLink(environment: LinkEnvironment, options: LinkOptions): Promise<WhatsAppLink> {
  if (!options.mayAct()) throw new LeaseLost();
  const { baileys, credentialsKey, webSocketUrl, limits = defaultLimits, watchdogIntervalMs = 2_000 } = environment;
  const { tenantId, sessionId, secrets, credentials, findSent, mayAct } = options;
  const logger = bindIds(environment.logger, { part: "link", tenantId, sessionId });
  const ending = new LinkEnding(logger);
  const auth = openAuthState({
    baileys,
    secrets,
    credentials,
    sealer: createSessionSealer(credentialsKey, tenantId, sessionId),
    onFailure: (error) => ending.storeFailed(error),
  });
  // An observer that fails could not record what we told it. Its own async context is not the library's.
  const queue = new ObservationQueue(
    (observation) => currentLink.run(undefined, () => options.observe(observation)),
    (error, { kind }) => {
      if (ending.ownReason === null) logger.error({ error }, `An observation could not be recorded: ${kind}`);
      ending.terminate("observer_failed");
    },
  );

  const { socket, raw } = currentLink.run(ending, () => openSocket({ baileys, auth, logger, webSocketUrl, findSent }));
  const dialledAtMs = monotonicMs();
  let lastFrameAtMs = dialledAtMs;
  let bufferingSinceMs: number | null = null;
  let hasProgressed = false;
  const unanswered = new Map<string, number>();

  const close = (error: unknown): void => {
    const cause = decodeClose(reportOf(error, ending.ownReason, Date.now()));
    if (!ending.markClosed()) return;
    clearInterval(watchdog);
    stopPump();
    socket.ws.removeAllListeners();
    socket.ws.on("error", () => {}); // a late error of the dropped connection concerns nobody
    // Credentials first: after pairing, the next connection lives on them.
    queue.push({ kind: "closed", cause }, auth.settled());
  };
  ending.attach({ cut: () => raw.terminate(), giveUp: () => close(undefined) });
  gateRawSend(raw, {
    mayAct,
    onRefused: () => ending.terminate("lease_lost"),
    onSent: () => currentSend.getStore()?.frameWritten(),
  });
  currentLink.run(ending, () => catchFrameErrors(socket, ending));
  socket.ws.on("message", () => {
    lastFrameAtMs = monotonicMs();
  });
  const stopPump = pumpEvents({
    baileys,
    socket,
    auth,
    push: (observation, first) => queue.push(observation, first),
    onClosed: close,
    onProgress: () => {
      hasProgressed = true;
    },
    onAck: (waMessageId) => unanswered.delete(waMessageId),
  });
  const watchdog = setInterval(() => {
    const nowMs = monotonicMs();
    bufferingSinceMs = socket.ev.isBuffering() ? (bufferingSinceMs ?? nowMs) : null;
    const health = {
      nowMs,
      dialledAtMs,
      hasProgressed,
      lastFrameAtMs,
      bufferingSinceMs,
      unansweredSinceMs: unanswered.values(),
    };
    const verdict = judgeLink(health, limits);
    if (!mayAct()) ending.terminate("lease_lost");
    else if (verdict.kind === "terminate") ending.terminate(verdict.reason);
    else if (verdict.kind === "flush" && socket.ev.flush()) logger.warn("The library held events back for too long");
  }, watchdogIntervalMs).unref();

  return {
    async send(row, claim) {
      // From the moment it is written: the answer can be here before the library returns, and a message that waits for
      // a slow database is no sign of a dead connection.
      const written = (): unknown => unanswered.set(row.wa_message_id, monotonicMs());
      try {
        await currentLink.run(ending, () => transmit(socket, ending, row, claim, written));
      } catch (error) {
        unanswered.delete(row.wa_message_id);
        throw error;
      }
    },
    silentForMs: () => monotonicMs() - lastFrameAtMs,
    terminate: (reason) => ending.terminate(reason),
    async end() {
      ending.announce("ended");
      await closedWithin(ending, () => socket.end(undefined));
      await queue.drained();
    },
    async logout() {
      await closedWithin(ending, () => socket.logout());
      await queue.drained();
    },
  };
}

/** Starts an orderly close and cuts the connection when the close is not reported in time. A failed start is thrown. */
async function closedWithin(ending: LinkEnding, start: () => Promise<void>): Promise<void> {
  const late = setTimeout(() => ending.terminate("ended"), endWithinMs);
  try {
    await Promise.race([start(), ending.closed]);
    await ending.closed;
  } finally {
    clearTimeout(late);
  }
}

/** The library reads frames in a listener nobody awaits: an unreadable one must end this connection, not the process. */
function catchFrameErrors(socket: { ws: NodeJS.EventEmitter }, ending: LinkEnding): void {
  for (const listener of socket.ws.listeners("message")) {
    socket.ws.off("message", listener as (...args: unknown[]) => void);
    socket.ws.on("message", (...args: unknown[]) => {
      Promise.resolve(listener(...args)).catch(() => ending.terminate("unreadable_frame"));
    });
  }
}
