import { once } from "node:events";
import { createInterface } from "node:readline";
import { tuneLibsignal } from "../../src/people/tune-libsignal.ts";
import { BareDevice } from "./bare-device.ts";
import { post, statsOf } from "./control.ts";

/** What this process does; it is given as a line of JSON on standard input, and answers with one. */
export interface BareTask {
  readonly mode: "blind" | "decrypt" | "new" | "group";
  readonly webSocketUrl: string;
  readonly controlUrl: string;
  /** Noise keys of accounts that are linked already. */
  readonly accounts: readonly { phone: string; private: string; public: string }[];
  readonly messages: number;
  readonly inFlight: number;
}

/** What it measured: all messages acknowledged and delivered, in `seconds`. */
export interface BareAnswer {
  readonly seconds: number;
  readonly simulatorMs: number;
  readonly clientMs: number;
}

type Prepared = { device: BareDevice; id: string; bytes: Buffer };

const CONTACTS = 5;
const MEMBERS = 10;

const [line] = (await once(createInterface({ input: process.stdin }), "line")) as [string];
const task = JSON.parse(line) as BareTask;
/** Not measured: the programs learn what is hot, as they have in any long run. */
const WARM_UP = task.mode === "group" ? 50 : 500;
tuneLibsignal();
const devices = await Promise.all(
  task.accounts.map(({ phone, ...key }) =>
    BareDevice.open(task.webSocketUrl, {
      phone,
      noise: { private: Buffer.from(key.private, "base64"), public: Buffer.from(key.public, "base64") },
    }),
  ),
);
for (const device of devices) await device.meet(device.phone);
const groups = task.mode === "group" ? await openGroups() : [];
if (task.mode === "decrypt") await getAcquainted();

await run(await prepare(WARM_UP, 0));
const prepared = await prepare(task.messages, WARM_UP);
const before = await statsOf(task.controlUrl);
const cpu = process.cpuUsage();
const began = performance.now();
await run(prepared);
const seconds = (performance.now() - began) / 1000;
await new Promise((resolve) => setTimeout(resolve, 500)); // the last are read 300 ms after delivery
const { user, system } = process.cpuUsage(cpu);
const after = await statsOf(task.controlUrl);
const answer: BareAnswer = {
  seconds,
  simulatorMs: after.cpu_ms - before.cpu_ms,
  clientMs: (user + system) / 1000,
};
process.stdout.write(`${JSON.stringify(answer)}\n`);
process.exit(0);

/** Encrypts everything beforehand, but for new contacts: their keys have to be asked for, which is what is measured. */
async function prepare(count: number, from: number): Promise<(() => Promise<Prepared>)[]> {
  const made: (() => Promise<Prepared>)[] = [];
  for (let turn = from; turn < from + count; turn++) {
    const device = devices[turn % devices.length]!;
    if (task.mode === "new") {
      made.push(async () => {
        const to = `1557${1_000_000 + turn}`;
        await device.meet(to);
        return { device, ...(await device.text(to)) };
      });
      continue;
    }
    const ready = { device, ...(await messageOf(device, turn)) };
    made.push(async () => ready);
  }
  return made;
}

async function messageOf(device: BareDevice, turn: number): Promise<{ id: string; bytes: Buffer }> {
  if (task.mode === "blind") return device.noise(`99906${String(turn % 1000).padStart(6, "0")}`);
  if (task.mode === "group") return device.groupText(groups[turn % devices.length] ?? "", []);
  return device.text(contactOf(Math.floor(turn / devices.length)));
}

/** So many under way at once; the next is sent when one is acknowledged. */
async function run(messages: readonly (() => Promise<Prepared>)[]): Promise<void> {
  let next = 0;
  const delivered: Promise<void>[] = [];
  const lane = async (): Promise<void> => {
    for (let make = messages[next++]; make; make = messages[next++]) {
      const { device, ...message } = await make();
      const sent = await device.send(message, task.mode === "group" ? MEMBERS : 1);
      delivered.push(sent.delivered);
    }
  };
  await Promise.all(Array.from({ length: task.inFlight }, lane));
  await Promise.all(delivered);
}

/** Everybody has written once in both directions: Signal sessions are settled, messages are no `pkmsg` any more. */
async function getAcquainted(): Promise<void> {
  for (const device of devices) {
    for (let index = 0; index < CONTACTS; index++) {
      const contact = contactOf(index);
      await device.meet(contact);
      await (
        await device.send(await device.text(contact))
      ).delivered;
      const answered = new Promise<void>((resolve) => device.heard.set(contact, resolve));
      await post(`${task.controlUrl}/sim/v1/phones/${contact}/messages`, { to: device.phone, text: "hello" });
      await answered;
    }
  }
}

/** One group for each device, whose members have its sender key. */
async function openGroups(): Promise<string[]> {
  const made: string[] = [];
  for (const device of devices) {
    const members = Array.from({ length: MEMBERS }, (_, index) => contactOf(index));
    const body = { creator: device.phone, subject: "load", participants: members };
    const { id } = (await post(`${task.controlUrl}/sim/v1/groups`, body)) as { id: string };
    for (const member of members) await device.meet(member);
    await (
      await device.send(await device.groupText(id, [device.phone, ...members]), MEMBERS)
    ).delivered;
    made.push(id);
  }
  return made;
}

function contactOf(index: number): string {
  return `1558${1_000_000 + (index % (task.mode === "group" ? MEMBERS : CONTACTS))}`;
}
