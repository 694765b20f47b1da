import { createInterface } from "node:readline";
import type { AuthenticationState } from "@whiskeysockets/baileys";
import { type BareNetwork, newBareAuth, openBare, prepareBare } from "./bare-client.ts";

/**
 * The baseline of `sessions`: many unmodified Baileys sockets in one process. Prints `ready` when the library is loaded
 * and `up` when all are linked; a link that ends is opened again at once, at most `dialsAtOnce` at a time, as our worker
 * does. A line on standard input makes it link the phones.
 */
interface Task extends BareNetwork {
  sockets: number;
  firstPhone: number;
  dialsAtOnce: number;
}

const task = JSON.parse(process.argv[2]!) as Task;
prepareBare(task);
// The library leaves the questions of a cut link to nobody: their failure must not end the others.
process.on("unhandledRejection", () => undefined);
const waiting: (() => void)[] = [];
let dialling = 0;

process.stdout.write("ready\n");
await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next();
// One after the other: each pairing makes 812 keys.
for (let index = 0; index < task.sockets; index++) await open(newBareAuth(), String(task.firstPhone + index));
process.stdout.write("up\n");

async function open(auth: AuthenticationState, phone: string): Promise<void> {
  if (dialling >= task.dialsAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  dialling += 1;
  const socket = await openBare(task, auth, phone, () => void open(auth, phone)).catch(() => null);
  dialling -= 1;
  waiting.shift()?.();
  if (!socket) await open(auth, phone);
}
