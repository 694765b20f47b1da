import {
  initAuthCreds,
  makeWASocket,
  WA_CERT_DETAILS,
  type AuthenticationState,
  type SignalKeyStore,
  type WASocket,
} from "@whiskeysockets/baileys";
import pino from "pino";

/** The network a baseline talks to. */
export interface BareNetwork {
  whatsappUrl: string;
  rootKey: string;
  simulatorUrl: string;
}

/** Trusts the simulated network, and keeps the Signal library from printing: standard output is for figures. */
export function prepareBare({ rootKey }: BareNetwork): void {
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKey, "base64");
  for (const method of ["log", "info", "warn"] as const) console[method] = () => undefined;
}

/** Keys in memory, nothing stored. */
export function newBareAuth(): AuthenticationState {
  return { creds: initAuthCreds(), keys: memoryKeys() };
}

/**
 * An unmodified Baileys socket; scans its own code when it has to pair, and opens again when the server restarts it
 * after that. Resolves when it is logged in and has caught up.
 *
 * @param onClosed told the close code of a link that had been up
 */
export async function openBare(
  network: BareNetwork,
  auth: AuthenticationState,
  phone: string,
  onClosed: (code: number | undefined) => void,
): Promise<WASocket> {
  return await new Promise((resolve, reject) => {
    let isUp = false;
    const open = () => {
      const socket = makeWASocket({
        waWebSocketUrl: network.whatsappUrl,
        auth,
        logger: pino({ level: "silent" }),
        getMessage: () => Promise.resolve(undefined),
      });
      let scanned = false;
      socket.ev.on("creds.update", (update) => void Object.assign(auth.creds, update));
      socket.ev.on("connection.update", ({ connection, qr, lastDisconnect, receivedPendingNotifications }) => {
        if (qr && !scanned) {
          scanned = true;
          scan(network, phone, qr).catch(reject);
        }
        if (receivedPendingNotifications) {
          isUp = true;
          resolve(socket);
        }
        if (connection !== "close") return;
        const code = (lastDisconnect?.error as { output?: { statusCode: number } } | undefined)?.output?.statusCode;
        if (isUp) onClosed(code);
        else if (code === 515) open();
        else reject(new Error(`the bare client's link ended with ${code}`));
      });
    };
    open();
  });
}

async function scan({ simulatorUrl }: BareNetwork, phone: string, qr: string): Promise<void> {
  await fetch(`${simulatorUrl}/sim/v1/phones/${phone}/scan-qr`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ qr }),
  });
}

function memoryKeys(): SignalKeyStore {
  const store = new Map<string, unknown>();
  return {
    get: (type, ids) => {
      const found: Record<string, never> = {};
      for (const id of ids) {
        const value = store.get(`${type}/${id}`);
        if (value !== undefined) found[id] = value as never;
      }
      return found;
    },
    set: (data) => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries)) {
          if (value) store.set(`${type}/${id}`, value);
          else store.delete(`${type}/${id}`);
        }
      }
    },
  };
}
