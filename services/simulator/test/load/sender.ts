import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import {
  type BinaryNode,
  initAuthCreds,
  makeWASocket,
  type SignalDataTypeMap,
  type SignalKeyStore,
  WA_CERT_DETAILS,
  type WASocket,
} from "@whiskeysockets/baileys";
import pino from "pino";

/** What this process does; it is given as a line of JSON on standard input, and answers with one. */
export interface SenderTask {
  readonly mode: "blind" | "decrypt" | "new" | "connect";
  readonly webSocketUrl: string;
  readonly controlUrl: string;
  readonly rootKey: string;
  readonly sockets: number;
  readonly messages: number;
  readonly inFlight: number;
  /** Noise keys of accounts that exist already (mode `connect`). */
  readonly accounts?: readonly { phone: string; lid: string; private: string; public: string }[];
}

const [line] = (await once(createInterface({ input: process.stdin }), "line")) as [string];
const task = JSON.parse(line) as SenderTask;
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(task.rootKey, "base64");
const acks = new Map<string, () => void>();
const acked = (id: string): Promise<void> => new Promise((resolve) => acks.set(id, resolve));

if (task.mode === "connect") {
  const sockets: WASocket[] = [];
  for (const account of task.accounts ?? []) sockets.push(await login(account));
  process.stdout.write(`${JSON.stringify({ connected: sockets.length })}\n`);
  setInterval(() => undefined, 60_000); // until it is killed
} else {
  const sockets = await Promise.all(
    Array.from({ length: task.sockets }, (_, index) => pair(`1556${7_000_000 + index}`)),
  );
  // Known contacts: the first message of each opens the chat and is not measured.
  if (task.mode === "decrypt") await run(sockets, 5 * sockets.length);
  const cpu = process.cpuUsage();
  const began = performance.now();
  await run(sockets, task.messages);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(`${JSON.stringify({ seconds, cpuMs: (user + system) / 1000 })}\n`);
  process.exit(0);
}

async function run(sockets: readonly WASocket[], messages: number): Promise<void> {
  let next = 0;
  const lane = async (lane: number): Promise<void> => {
    const socket = sockets[lane % sockets.length]!;
    for (let turn = next++; turn < messages; turn = next++) await sendOne(socket, turn);
  };
  await Promise.all(Array.from({ length: task.inFlight }, (_, index) => lane(index)));
}

async function sendOne(socket: WASocket, turn: number): Promise<void> {
  if (task.mode === "blind") {
    // Nobody decrypts it, so nobody need encrypt it: what is measured is the network, not this process.
    const id = `3EB0${randomBytes(8).toString("hex").toUpperCase()}`;
    const to = `99906${String(turn % 1000).padStart(6, "0")}@s.whatsapp.net`;
    const enc: BinaryNode = { tag: "enc", attrs: { v: "2", type: "msg" }, content: randomBytes(160) };
    const participants = [{ tag: "to", attrs: { jid: to }, content: [enc] }];
    const done = acked(id);
    await socket.sendNode({
      tag: "message",
      attrs: { id, to, type: "text" },
      content: [{ tag: "participants", attrs: {}, content: participants }],
    });
    return done;
  }
  const phone = task.mode === "new" ? `1557${String(1_000_000 + turn)}` : `1558${1_000_000 + (turn % 5)}`;
  const sent = await socket.sendMessage(`${phone}@s.whatsapp.net`, {
    text: "a message of about a hundred bytes ".repeat(3),
  });
  return acked(sent?.key.id ?? "");
}

async function pair(phone: string): Promise<WASocket> {
  const creds = initAuthCreds();
  const keys = memoryKeys();
  return new Promise((resolve, reject) => {
    const open = (): void => {
      const socket = openSocket(creds, keys);
      let scanned = false;
      socket.ev.on("connection.update", ({ connection, qr, lastDisconnect, receivedPendingNotifications }) => {
        if (qr && !scanned) {
          scanned = true;
          fetch(`${task.controlUrl}/sim/v1/phones/${phone}/scan-qr`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ qr }),
          }).catch(reject);
        }
        if (receivedPendingNotifications) resolve(socket);
        if (connection !== "close") return;
        const code = (lastDisconnect?.error as { output?: { statusCode: number } } | undefined)?.output?.statusCode;
        if (code === 515) open();
        else reject(new Error(`the link ended with ${code}`));
      });
    };
    open();
  });
}

async function login(account: NonNullable<SenderTask["accounts"]>[number]): Promise<WASocket> {
  const creds = {
    ...initAuthCreds(),
    noiseKey: { private: Buffer.from(account.private, "base64"), public: Buffer.from(account.public, "base64") },
    me: { id: `${account.phone}:1@s.whatsapp.net`, lid: account.lid, name: "load" },
    accountSyncCounter: 1,
  };
  const socket = openSocket(creds, memoryKeys());
  await new Promise<void>((resolve, reject) => {
    socket.ev.on("connection.update", ({ connection, lastDisconnect }) => {
      if (connection === "open") resolve();
      if (connection === "close") reject(lastDisconnect?.error ?? new Error("closed"));
    });
  });
  return socket;
}

function openSocket(creds: ReturnType<typeof initAuthCreds>, keys: SignalKeyStore): WASocket {
  const socket = makeWASocket({
    waWebSocketUrl: task.webSocketUrl,
    auth: { creds, keys },
    logger: pino({ level: "silent" }),
    getMessage: async () => undefined,
  });
  socket.ev.on("creds.update", (update) => void Object.assign(creds, update));
  socket.ws.on("CB:ack,class:message", ({ attrs }: BinaryNode) => {
    acks.get(attrs["id"] ?? "")?.();
    acks.delete(attrs["id"] ?? "");
  });
  return socket;
}

function memoryKeys(): SignalKeyStore {
  const store = new Map<string, unknown>();
  return {
    get: async (type, ids) => {
      const found: Record<string, SignalDataTypeMap[typeof type]> = {};
      for (const id of ids) {
        const value = store.get(`${type} ${id}`);
        if (value !== undefined) found[id] = value as SignalDataTypeMap[typeof type];
      }
      return found;
    },
    set: async (data) => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries ?? {})) {
          if (value == null) store.delete(`${type} ${id}`);
          else store.set(`${type} ${id}`, value);
        }
      }
    },
  };
}
