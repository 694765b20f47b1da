import { monotonicMs } from "@flotilla/shared/runtime/clock";
import { bindIds, type Logger } from "@flotilla/shared/runtime/logger";
import type { Baileys } from "../../boot/library.ts";
import { LeaseLost, type LinkOptions, type OpenLink, type WhatsAppLink } from "../../ports.ts";
import type { CredentialsKey } from "../sealing/credentials-key.ts";
import { createSessionSealer } from "../sealing/sealer.ts";
import { openAuthState } from "./auth-state.ts";
import { openInbound } from "./open-inbound.ts";
import { decodeClose, reportOf } from "./decode-connection.ts";
import { pumpEvents } from "./event-pump.ts";
import { forgetDevices } from "./forget-devices.ts";
import { currentLink, LinkEnding } from "./link-ending.ts";
import { watchLink } from "./watch-link.ts";
import { LinkPulse } from "./link-pulse.ts";
import { ObservationQueue } from "./observation-queue.ts";
import { openSocket } from "./open-socket.ts";
import { currentSend } from "./outbound-send.ts";
import { PeerTurns } from "./peer-turns.ts";
import { gateRawSend } from "./raw-gate.ts";
import { reportRefusedUpgrade } from "./refused-upgrade.ts";
import { transmit } from "./transmit.ts";
import type { WatchdogLimits } from "./watchdog.ts";

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
  /** False: what is decrypted is not journaled, so a crash may lose it. For experiments that show just that. Default true. */
  journal?: boolean;
  /** Time between two pings. Default 12 s. */
  keepAliveMs?: number;
  /** How long a query waits for its answer. Default 30 s. */
  queryTimeoutMs?: number;
  /** How long each QR code is shown. Unset: the library's 60 s for the first and 20 s for the others. */
  qrMs?: number;
  /** When a failed look at the one-time keys on the server is repeated, at most 8 times slower. Default 30 s. */
  preKeyRetryMs?: number;
}

/** An orderly end, and a log-out, wait no longer than this for the closing handshake. */
const endWithinMs = 2_000;

/** The opener of links on Baileys. */
export function createOpenLink(environment: LinkEnvironment): OpenLink {
  const alone = new PeerTurns();
  return async (options) => openLink(environment, alone, options);
}

/** Resolves as soon as the connection is being dialled. Throws CredentialsUnreadable, LeaseLost. */
async function openLink(environment: LinkEnvironment, alone: PeerTurns, options: LinkOptions): Promise<WhatsAppLink> {
  if (!options.mayAct()) throw new LeaseLost();
  const { baileys, credentialsKey, webSocketUrl } = environment;
  const { tenantId, sessionId, secrets, credentials, findSent, mayAct } = options;
  const logger = bindIds(environment.logger, { part: "link", tenantId, sessionId });
  const ending = new LinkEnding(logger);
  const sealer = createSessionSealer(credentialsKey, tenantId, sessionId);
  const onFailure = (error: unknown): void => ending.storeFailed(error);
  const auth = openAuthState({ baileys, secrets, credentials, sealer, onFailure });
  // An observer that fails could not record what we told it. Its own async context is not the library's.
  const queue = new ObservationQueue(
    (observation) => currentLink.run(undefined, () => options.observe(observation)),
    (error, { kind }) => {
      if (ending.ownReason === null) logger.error({ error }, `An observation could not be recorded: ${kind}`);
      ending.terminate("observer_failed");
    },
  );

  const inbound = await openInbound({
    baileys,
    journal: environment.journal === false ? null : secrets.journal,
    sealer,
    auth,
    careful: options.careful === true,
    alone,
    isCut: () => ending.ownReason !== null && ending.ownReason !== "ended",
    onFailure,
    tell: async (message) => {
      queue.push({ kind: "inbound", message });
      await queue.drained();
    },
    logger,
  });
  if (!mayAct()) throw new LeaseLost();

  const { socket, raw } = currentLink.run(ending, () =>
    openSocket({ baileys, auth, logger, webSocketUrl, findSent, journaled: inbound.decrypt, ...timesOf(environment) }),
  );
  inbound.listen(socket);
  const pulse = new LinkPulse();

  const close = (error: unknown): void => {
    const cause = decodeClose(reportOf(error, ending.ownReason, Date.now()));
    if (!ending.markClosed()) return;
    watch.stop();
    stopPump();
    inbound.end();
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
  reportRefusedUpgrade(socket.ws);
  pulse.listen(socket.ws);
  const { CIPHERTEXT } = baileys.proto.WebMessageInfo.StubType;
  socket.ev.on("messages.upsert", ({ messages }) => {
    for (const { messageStubType } of messages) if (messageStubType === CIPHERTEXT) pulse.undecrypted();
  });
  const watch = watchLink({ environment, socket, pulse, ending, mayAct, onBufferStuck: options.onBufferStuck, logger });
  const stopPump = pumpEvents({
    baileys,
    socket,
    auth,
    push(observation, first) {
      if (observation.kind === "caught_up") inbound.hasAll();
      queue.push(observation, first);
    },
    onClosed: close,
    onProgress: (isLogin) => watch.progressed(isLogin),
    onAck: (waMessageId) => pulse.unanswered.delete(waMessageId),
  });

  return {
    async send(row, claim) {
      // From the moment it is written: the answer can be here before the library returns, and a message that waits for
      // a slow database is no sign of a dead connection.
      const written = (): unknown => pulse.unanswered.set(row.wa_message_id, monotonicMs());
      try {
        await currentLink.run(ending, () => transmit(socket, ending, row, claim, written));
      } catch (error) {
        pulse.unanswered.delete(row.wa_message_id);
        throw error;
      }
    },
    forgetDevices: (jid) => currentLink.run(ending, () => forgetDevices(baileys, socket, jid)),
    trouble: watch.trouble,
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

const timesOf = ({ keepAliveMs, queryTimeoutMs, qrMs }: LinkEnvironment) => ({ keepAliveMs, queryTimeoutMs, qrMs });

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
