import type { SocketConfig, WASocket } from "@whiskeysockets/baileys";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { Baileys } from "../../boot/library.ts";
import type { LinkOptions } from "../../ports.ts";
import type { LinkAuth } from "./auth-state.ts";
import { createBoundedCache } from "./bounded-cache.ts";
import { encodeForRetry } from "./encode-content.ts";
import { createLibraryLogger } from "./library-logger.ts";
import type { JournaledDecrypt } from "./journaled-decrypt.ts";
import type { RawSocket } from "./raw-gate.ts";
import { persistBeforeSend } from "./signal-repository.ts";

const minutes = 60_000;
const hours = 60 * minutes;

export interface SocketOptions extends Pick<LinkOptions, "findSent"> {
  baileys: Baileys;
  auth: LinkAuth;
  logger: Logger;
  /** Unset: the real network. */
  webSocketUrl?: string | undefined;
  /** Unset: nothing is journaled. */
  journaled?: JournaledDecrypt | undefined;
  /** Time between two pings; unset: 12 s. */
  keepAliveMs?: number | undefined;
  /** How long a query waits for its answer; unset: 30 s. */
  queryTimeoutMs?: number | undefined;
  /** How long each QR code is shown; unset: the library's times. */
  qrMs?: number | undefined;
}

/** Dials. The socket exists, and its raw connection with it, when this returns; nothing has been sent yet. */
export function openSocket(options: SocketOptions): { socket: WASocket; raw: RawSocket } {
  const socket = options.baileys.makeWASocket(socketConfig(options));
  const { socket: raw } = socket.ws as unknown as { socket: RawSocket | null };
  if (typeof raw?.send !== "function" || typeof raw.terminate !== "function") {
    throw new Error("the library's WebSocket is not where we gate it");
  }
  return { socket, raw };
}

function socketConfig({
  baileys,
  auth,
  logger,
  webSocketUrl,
  findSent,
  journaled,
  keepAliveMs = 12_000,
  queryTimeoutMs = 30_000,
  qrMs,
}: SocketOptions): Partial<SocketConfig> & Pick<SocketConfig, "auth"> {
  const { FULL, ON_DEMAND, INITIAL_STATUS_V3 } = baileys.proto.HistorySync.HistorySyncType;
  const refusedHistory = new Set<unknown>([FULL, ON_DEMAND, INITIAL_STATUS_V3]);
  return {
    auth,
    ...(webSocketUrl === undefined ? {} : { waWebSocketUrl: webSocketUrl }),
    ...(qrMs === undefined ? {} : { qrTimeout: qrMs }),
    browser: ["Flotilla", "Chrome", "1.0.0"],
    logger: createLibraryLogger(logger),
    // A dead peer is noticed after this and 5 s more; our own watchdog needs 30 s.
    keepAliveIntervalMs: keepAliveMs,
    connectTimeoutMs: 20_000,
    // Undefined would let a query wait for ever.
    defaultQueryTimeoutMs: queryTimeoutMs,
    // Our writer is the one that repeats; the default would hold all sends of the session for 27 s.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
    makeSignalRepository: persistBeforeSend(baileys, auth.keys, journaled),
    getMessage: async ({ id }) => {
      const sent = id ? await findSent(id) : null;
      return sent ? encodeForRetry(sent.type, sent.content) : undefined;
    },
    // The library's 5 minutes make it ask for devices and new Signal sessions again; `devices` notifications invalidate.
    userDevicesCache: createBoundedCache({ max: 10_000, ttlMs: 12 * hours }),
    // For each link: their keys name a message and no session.
    msgRetryCounterCache: createBoundedCache({ max: 2_000, ttlMs: hours }),
    callOfferCache: createBoundedCache({ max: 100, ttlMs: 5 * minutes }),
    placeholderResendCache: createBoundedCache({ max: 1_000, ttlMs: hours }),
    syncFullHistory: false,
    // Recent history brings the first LID mappings; refusing all of it loses them.
    shouldSyncHistoryMessage: ({ syncType }) => !refusedHistory.has(syncType),
    // Else the phone stops notifying its owner.
    markOnlineOnConnect: false,
    // Our rows exist before the send, and own events would share the lock of inbound messages.
    emitOwnEvents: false,
  };
}
