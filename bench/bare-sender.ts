import type { BinaryNode, WASocket } from "@whiskeysockets/baileys";
import { type BareNetwork, newBareAuth, openBare, prepareBare } from "./bare-client.ts";

/**
 * The baseline: unmodified Baileys with its keys in memory, nothing stored, a fixed number of messages in flight.
 * Started as a process of its own with one JSON argument; prints one JSON line for each measured round.
 */
interface Task extends BareNetwork {
  sockets: number;
  firstPhone: number;
  /** Recipients of each socket. */
  recipients: string[][];
  rounds: number;
  inFlight: number;
}

const task = JSON.parse(process.argv[2]!) as Task;
prepareBare(task);

const acks = new Map<string, () => void>();
const sockets: WASocket[] = [];
for (let index = 0; index < task.sockets; index++) {
  const socket = await openBare(task, newBareAuth(), String(task.firstPhone + index), (code) => {
    throw new Error(`the bare client's link ended with ${code}`);
  });
  socket.ws.on("CB:ack,class:message", (node: BinaryNode) => {
    acks.get(node.attrs["id"]!)?.();
    acks.delete(node.attrs["id"]!);
  });
  sockets.push(socket);
}

for (let round = 0; round <= task.rounds; round++) {
  const cpu = process.cpuUsage();
  const began = performance.now();
  const sent = await sendAll();
  const seconds = (performance.now() - began) / 1000;
  const used = process.cpuUsage(cpu);
  // Round 0 makes the contacts known and is not measured.
  if (round > 0)
    process.stdout.write(`${JSON.stringify({ sent, seconds, cpuSeconds: (used.user + used.system) / 1e6 })}\n`);
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
