import {
  initAuthCreds,
  makeWASocket,
  WA_CERT_DETAILS,
  type BinaryNode,
  type SignalKeyStore,
  type WASocket,
} from "@whiskeysockets/baileys";
import pino from "pino";

/**
 * The baseline: unmodified Baileys with its keys in memory, nothing stored, a fixed number of messages in flight.
 * Started as a process of its own with one JSON argument; prints one JSON line for each measured round.
 */
interface Task {
  whatsappUrl: string;
  rootKey: string;
  simulatorUrl: string;
  sockets: number;
  firstPhone: number;
  /** Recipients of each socket. */
  recipients: string[][];
  rounds: number;
  inFlight: number;
}

const task = JSON.parse(process.argv[2]!) as Task;
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(task.rootKey, "base64");

const acks = new Map<string, () => void>();
const sockets: WASocket[] = [];
for (let index = 0; index < task.sockets; index++) sockets.push(await pair(String(task.firstPhone + index)));

for (let round = 0; round <= task.rounds; round++) {
  const cpu = process.cpuUsage();
  const began = performance.now();
  const sent = await sendAll();
  const seconds = (performance.now() - began) / 1000;
  const used = process.cpuUsage(cpu);
  // Round 0 makes the contacts known and is not measured.
  if (round > 0) console.log(JSON.stringify({ sent, seconds, cpuSeconds: (used.user + used.system) / 1e6 }));
}
process.exit(0);

async function sendAll(): Promise<number> {
  const queue = task.recipients[0]!.flatMap((_, turn) =>
    sockets.map((socket, index) => ({ socket, to: task.recipients[index]![turn]! })),
  );
  let sent = 0;
  const lane = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const result = await next.socket.sendMessage(`${next.to}@s.whatsapp.net`, {
        text: "benchmark message of a hundred bytes ".repeat(3),
      });
      await new Promise<void>((resolve) => acks.set(result!.key.id!, resolve));
      sent += 1;
    }
  };
  await Promise.all(Array.from({ length: task.inFlight }, lane));
  return sent;
}

async function pair(phone: string): Promise<WASocket> {
  const creds = initAuthCreds();
  const keys = memoryKeys();
  return await new Promise((resolve, reject) => {
    const open = () => {
      const socket = makeWASocket({
        waWebSocketUrl: task.whatsappUrl,
        auth: { creds, keys },
        logger: pino({ level: "silent" }),
        getMessage: () => Promise.resolve(undefined),
      });
      let scanned = false;
      socket.ev.on("creds.update", (update) => void Object.assign(creds, update));
      socket.ws.on("CB:ack,class:message", (node: BinaryNode) => {
        acks.get(node.attrs["id"]!)?.();
        acks.delete(node.attrs["id"]!);
      });
      socket.ev.on("connection.update", ({ connection, qr, lastDisconnect, receivedPendingNotifications }) => {
        if (qr && !scanned) {
          scanned = true;
          fetch(`${task.simulatorUrl}/sim/v1/phones/${phone}/scan-qr`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ qr }),
          }).catch(reject);
        }
        if (receivedPendingNotifications) resolve(socket);
        if (connection !== "close") return;
        const code = (lastDisconnect?.error as { output?: { statusCode: number } } | undefined)?.output?.statusCode;
        if (code === 515) open();
        else reject(new Error(`the bare client's link ended with ${code}`));
      });
    };
    open();
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
