import { personJid } from "../../src/protocol/jid.ts";
import { linkAccounts } from "./accounts.ts";
import type { BareAnswer, BareTask } from "./bare-sender.ts";
import { statsOf } from "./control.ts";
import { answerOf, type SimulatorProcess, startSender, withSimulator } from "./processes.ts";
import type { SenderTask } from "./sender.ts";

/**
 * Measures the simulator in a process of its own:
 * `node services/simulator/test/load/measure.ts [messages] [sockets] [what,…]`, 3000 and 1000 unless told.
 *
 * - `bare-blind`, `bare-decrypt`, `bare-new`, `bare-group`: a sender that does only what a client must, with everything
 *   encrypted beforehand, so that the simulator is what is full. A group has ten members.
 * - `blind`, `decrypt`, `new`: unmodified Baileys clients, and how much more they take than the simulator.
 * - `connect`: logins and memory of so many connected clients.
 *
 * On a machine that does other things as well the CPU time of a message says more than the rate; `ceiling` is the rate
 * that it allows on a core of its own. For a profile of the simulator set `NODE_OPTIONS=--cpu-prof`.
 */
const messages = Number(process.argv[2] ?? 3000);
const connected = Number(process.argv[3] ?? 1000);
const all = ["bare-blind", "bare-decrypt", "bare-new", "bare-group", "blind", "decrypt", "new", "connect"];
const chosen = process.argv[4]?.split(",") ?? all;

for (const what of chosen) {
  const [bare, mode] = what.startsWith("bare-") ? [true, what.slice(5)] : [false, what];
  if (!all.includes(what)) throw new Error(`${what} is none of ${all.join(", ")}`);
  if (mode === "connect") await withSimulator(measureConnections);
  else if (bare) await withSimulator((simulator) => measureBare(simulator, mode as BareTask["mode"]));
  else await withSimulator((simulator) => measureBaileys(simulator, mode as "blind" | "decrypt" | "new"));
}

async function measureBare({ webSocketUrl, controlUrl }: SimulatorProcess, mode: BareTask["mode"]): Promise<void> {
  const accounts = await linkAccounts(controlUrl, 4);
  const count = mode === "new" || mode === "group" ? Math.ceil(messages / 3) : messages;
  const task: BareTask = { mode, webSocketUrl, controlUrl, accounts, messages: count, inFlight: 64 };
  const { seconds, simulatorMs, clientMs } = await answerOf<BareAnswer>(startSender("bare-sender.ts", task));
  const ledger = (await (await fetch(`${controlUrl}/sim/v1/ledger/summary`)).json()) as { undecrypted: number };
  if (ledger.undecrypted > 0) throw new Error(`${ledger.undecrypted} messages were not decrypted`);
  print(`bare ${mode}`, { count, seconds, simulatorMs, clientMs });
}

async function measureBaileys(simulator: SimulatorProcess, mode: "blind" | "decrypt" | "new"): Promise<void> {
  const count = mode === "new" ? Math.ceil(messages / 3) : messages;
  const task: SenderTask = { ...simulator, mode, sockets: 4, messages: count, inFlight: 64 };
  const idle = await statsOf(simulator.controlUrl);
  const { seconds, cpuMs } = await answerOf<{ seconds: number; cpuMs: number }>(startSender("sender.ts", task));
  // The simulator's time includes the pairing of four clients, about 20 ms each: little over thousands of messages.
  const simulatorMs = (await statsOf(simulator.controlUrl)).cpu_ms - idle.cpu_ms;
  print(`Baileys ${mode}`, { count, seconds, simulatorMs, clientMs: cpuMs });
}

async function measureConnections(simulator: SimulatorProcess): Promise<void> {
  const accounts = await linkAccounts(simulator.controlUrl, connected);
  const idle = await statsOf(simulator.controlUrl);
  const task: SenderTask = {
    ...simulator,
    mode: "connect",
    sockets: 0,
    messages: 0,
    inFlight: 0,
    accounts: accounts.map((account) => ({ ...account, lid: personJid(account.phone, "lid", 1) })),
  };
  const child = startSender("sender.ts", task);
  await answerOf(child);
  const { rss_bytes: rss, links, cpu_ms: cpu } = await statsOf(simulator.controlUrl);
  say(
    `connected: ${links} links, ${(rss / 1048576).toFixed(0)} MiB, ${((cpu - idle.cpu_ms) / links).toFixed(1)} ms CPU a login`,
  );
  child.kill();
}

function print(name: string, { count, seconds, simulatorMs, clientMs }: { count: number } & BareAnswer): void {
  const each = (ms: number): string => `${(ms / count).toFixed(3)} ms`;
  const figures = [
    `${(count / seconds).toFixed(0)}/s`,
    `simulator ${each(simulatorMs)} CPU a message`,
    `ceiling ${(1000 / (simulatorMs / count)).toFixed(0)}/s`,
    `client ${each(clientMs)}`,
    `simulator/client ${(simulatorMs / clientMs).toFixed(2)}`,
  ];
  say(`${name}: ${figures.join(", ")}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
